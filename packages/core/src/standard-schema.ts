import { isGroup } from "./options.ts";

/**
 * A schema of any library that speaks Standard Schema, such as zod, valibot or ArkType, as far as it is used here.
 *
 * It may check at once or later. Where its library tells JSON Schema (`~standard.jsonSchema`), so does it.
 */
export interface StandardSchema<Output = unknown> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
    /** For the compiler only. */
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
    readonly jsonSchema?:
      | { readonly input: (options: { readonly target: "draft-07" }) => Readonly<Record<string, unknown>> }
      | undefined;
  };
}

/** What a {@link StandardSchema} makes of a value: the value as it is to be used, or what is wrong with it. */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | {
      readonly issues: readonly {
        readonly message: string;
        readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
      }[];
    };

/** What of a schema is used, read once; those of some libraries are functions. `undefined` of what is none. */
export function readStandardSchema(value: unknown):
  | {
      readonly validate: (value: unknown) => unknown;
      readonly jsonSchema: StandardSchema["~standard"]["jsonSchema"];
    }
  | undefined {
  if (!isGroup(value) && typeof value !== "function") return undefined;
  const standard: unknown = (value as { readonly "~standard"?: unknown })["~standard"];
  if (!isGroup(standard)) return undefined;
  const { validate, jsonSchema } = standard as Partial<StandardSchema["~standard"]>;
  if (typeof validate !== "function") return undefined;
  return { validate: (given) => validate.call(standard, given), jsonSchema };
}
