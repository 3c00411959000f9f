// Everything that is made of zod, as one file for every platform: it is loaded by a plugin or with the
// first /config, not by an import of core, and a process has one copy of it.
export * from "./schema/schema.ts";
export * from "./gradio/config-schema.ts";
