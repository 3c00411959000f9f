import * as z from "zod/mini";

/**
 * What a value must look like: a Standard Schema that checks at once and never throws.
 *
 * Its type names no library, since users of this package have none of ours.
 */
export interface Schema<Output = unknown> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    /** The value, read anew, or what is wrong with it. */
    readonly validate: (value: unknown) => SchemaResult<Output>;
    /** For the compiler only. */
    readonly types?: { readonly input: Output; readonly output: Output } | undefined;
  };
}

/** What a {@link Schema} says of a value. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | {
      readonly issues: readonly {
        readonly message: string;
        readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
      }[];
    };

/** The type of what a {@link Schema} accepts. */
export type OutputOf<Of extends Schema> = Of extends Schema<infer Output> ? Output : never;

/** Anything, `undefined` and a property that is missing included. */
export function unknown(): Schema {
  return typed(z.unknown());
}

/** A string. */
export function string(): Schema<string> {
  return typed(z.string());
}

/** A finite number. */
export function number(): Schema<number> {
  return typed(z.number());
}

/** `true` or `false`. */
export function boolean(): Schema<boolean> {
  return typed(z.boolean());
}

/** Exactly this value. */
export function literal<const Value extends string | number | boolean>(value: Value): Schema<Value> {
  return typed(z.literal(value));
}

/** What `schema` accepts, or `null`. */
export function nullable<Output>(schema: Schema<Output>): Schema<Output | null> {
  return typed(z.nullable(ours(schema)));
}

/** What `schema` accepts, `null`, `undefined` or, of an object, a property that is missing. */
export function nullish<Output>(schema: Schema<Output>): Schema<Output | null | undefined> {
  return typed(z.nullish(ours(schema)));
}

/** A list of any length, of what `schema` accepts. */
export function array<Output>(schema: Schema<Output>): Schema<Output[]> {
  return typed(z.array(ours(schema)));
}

/** A list of as many items as there are schemas, each as its schema says. */
export function tuple<const Items extends readonly [Schema, ...Schema[]]>(
  items: Items,
): Schema<{ -readonly [Index in keyof Items]: OutputOf<Items[Index]> }> {
  const [first, ...rest] = items;
  return typed(z.tuple([ours(first), ...rest.map(ours)]));
}

/** An object with these properties; others may be there and are left out of the value. */
export function object<const Shape extends Readonly<Record<string, Schema>>>(
  shape: Shape,
): Schema<{ -readonly [Key in keyof Shape]: OutputOf<Shape[Key]> }> {
  return typed(z.object(Object.fromEntries(Object.entries(shape).map(([key, schema]) => [key, ours(schema)]))));
}

/** What one of the schemas accepts, the first that does. */
export function union<const Options extends readonly [Schema, ...Schema[]]>(
  options: Options,
): Schema<OutputOf<Options[number]>> {
  return typed(z.union(options.map(ours)));
}

// zod types a schema by what it is made of; of that only the type of its values is ours to promise.
// None of the schemas above waits for anything, so that none answers with a promise.
function typed<Output>(schema: z.ZodMiniType): Schema<Output> {
  return schema as unknown as Schema<Output>;
}

function ours(schema: Schema): z.ZodMiniType {
  if (schema instanceof z.ZodMiniType) return schema;
  throw new TypeError(
    "A schema inside of another must be one of @qwen/core/schema. One of another library may stand alone.",
  );
}
