// The object of a completion, as the compiler knows it. Compiled against the packed packages with TypeScript 7 and 5.9, and
// from source by `pnpm typecheck`. A line that must not compile stands below a `@ts-expect-error` that says why.
import {
  createRouter,
  InvalidOutputError,
  type Completion,
  type ObjectCompletion,
  type OutputOption,
  type Provider,
  QwenError,
  type StandardSchema,
} from "@qwen/core";
import { array, number, object, type OutputOf, string } from "@qwen/core/schema";

type Same<A, B> = [A, B] extends [B, A] ? true : false;

const echo = {
  id: "echo",
  models: [{ id: "echo-1" }],
  async *stream() {
    yield { type: "finish", reason: "stop" };
  },
} as const satisfies Provider;
const router = createRouter({ plugins: [echo] });
const asked = { model: "echo-1", messages: [{ role: "user", content: "Hi" }] } as const;

// One of ours.
const person = object({ name: string(), tags: array(string()) });
const ours = router.complete({ ...asked, output: person });
export const known: Same<Awaited<typeof ours>, ObjectCompletion<OutputOf<typeof person>>> = true;
export const name: Promise<string> = ours.then(({ object: { name: given } }) => given);
export const text: Promise<string> = ours.then((answer) => answer.text);

// One of a library that checks later, whose values are not what went in: written as the specification has it.
declare const theirs: {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly types?: { readonly input: string; readonly output: Date } | undefined;
    readonly validate: (
      value: unknown,
      options?: { readonly libraryOptions?: Record<string, unknown> | undefined },
    ) => Result<Date> | Promise<Result<Date>>;
    readonly jsonSchema: {
      readonly input: (options: { readonly target: Target }) => Record<string, unknown>;
      readonly output: (options: { readonly target: Target }) => Record<string, unknown>;
    };
  };
};
type Target = "draft-2020-12" | "draft-07" | "openapi-3.0" | ({} & string);
type Result<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string; readonly path?: readonly PropertyKey[] | undefined }[] };
const made = router.complete({ ...asked, output: theirs });
export const date: Promise<Date> = made.then((answer) => answer.object);

// With the JSON Schema beside it.
const paired = router.complete({ ...asked, output: { schema: number(), jsonSchema: { type: "number" } } });
export const count: Promise<number> = paired.then((answer) => answer.object);

// Without one there is no object.
const plain = router.complete(asked);
const unset = router.complete({ ...asked, output: undefined });
export const same: Same<readonly [Awaited<typeof plain>, Awaited<typeof unset>], readonly [Completion, Completion]> =
  true;
// @ts-expect-error: nothing was asked for
void plain.then((answer) => answer.object);
// @ts-expect-error: names are checked with an output too
void router.complete({ ...asked, model: "typo", output: person });
// @ts-expect-error: a schema, not what it is like
void router.complete({ ...asked, output: { type: "object" } });
// @ts-expect-error: the parts of a stream are shown before anybody can check them
router.stream({ ...asked, output: person });

export const option: OutputOption<string> = string();
export const schema: StandardSchema<string> = string();
export function issuesOf(error: unknown): readonly string[] {
  if (error instanceof InvalidOutputError) return error.issues;
  return QwenError.isInstance(error) && error.code === "invalid_output" ? [error.text, ...error.issues] : [];
}
