import { vi } from "vitest";
import * as z from "zod";

import type { Router } from "../../src/router/router.ts";
import type { ObjectRequest } from "../../src/router/router-request.ts";
import type { StandardSchema } from "../../src/standard-schema.ts";
import { capabilities, finish, messages, text, type Scripted, type Step } from "./scripted.ts";
import { routerOf } from "./virtual.ts";

export const person = z.object({ name: z.string(), age: z.number() });
export const ada = { name: "Ada", age: 36 };
export const whole = (words: string): readonly Step[] => [text(words), finish];
export const fits = whole(JSON.stringify(ada));
export const wrong = whole('{"name": "Ada", "age": "36"}');
export const native = [{ id: "m", aliases: [], capabilities: { ...capabilities, json: true } }] as const;
export const JSON_SCHEMA = {
  $schema: "http://json-schema.org/draft-07/schema#",
  type: "object",
  properties: { name: { type: "string" }, age: { type: "number" } },
  required: ["name", "age"],
};

/** The answer or the error, letting the time pass that it takes. */
export async function ask(
  target: Router | readonly Scripted[],
  request: Partial<Omit<ObjectRequest, "output">> & { readonly output?: unknown } = {},
): Promise<{ readonly answer?: Awaited<ReturnType<Router["complete"]>>; readonly error?: unknown }> {
  const router = "complete" in target ? target : routerOf(target);
  const asked = { model: "m", messages, output: person, ...request } as ObjectRequest;
  const settled = router.complete(asked).then(
    (answer) => ({ answer }),
    (error: unknown) => ({ error }),
  );
  await vi.runAllTimersAsync();
  return await settled;
}

/** A schema of no library: what `validate` gives, whatever that is. */
export function schemaOf(validate: (value: unknown) => unknown, more: object = {}): StandardSchema {
  return { "~standard": { version: 1, vendor: "own", validate, ...more } } as unknown as StandardSchema;
}
