export { array, boolean, literal, nullable, nullish, number, object, string, tuple, union, unknown } from "#schema";
export type { OutputOf, Schema, SchemaResult } from "./schema.ts";
