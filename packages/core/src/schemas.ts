// Everything that is made of zod, as one file for every platform: it is loaded with the first call, or
// by who imports `@qwen/core/schema`, not by an import of core, and a process has one copy of it.
export * from "./schema/schema.ts";
export * from "./gradio/config-schema.ts";
