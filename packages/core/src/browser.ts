// The same, built for platforms without Node's modules: `#transport` is another one there.
export * from "./core.ts";
