import { excusing } from "./decision.ts";
import { field } from "./field.ts";
import { isGroup, mustBe } from "./options.ts";
import { copyOfPart } from "./part-copy.ts";
import { wrongIn } from "./part-rules.ts";
import type { FinishPart, ProviderPart } from "./part.ts";

/** What each hook may give. */
export const EXPECTED = {
  request: "a request, the parts of an answer or nothing",
  part: "a part, a list of parts or nothing",
};

/** What ends a call in which a hook gave what it may not. */
export function unusable(name: keyof typeof EXPECTED, given: unknown): unknown {
  return excusing(name, mustBe(`hooks.${name}()`, EXPECTED[name], given));
}

/** What ends a call whose hooks have spoiled it. */
export function mistake(message: string): unknown {
  return excusing("hooks", new TypeError(message));
}

/**
 * A part as a hook gave it, read once and for all: whoever reads it next would take what is wrong with it for its provider's
 * doing. Throws what ends the call for what is none. What was wrong with the provider's own part, `before`, is not the hook's.
 * `whole` is what the hook gave, where that is a list.
 */
export function readGiven(
  name: keyof typeof EXPECTED,
  given: unknown,
  { before, whole = given }: { readonly before?: ProviderPart; readonly whole?: unknown } = {},
): ProviderPart {
  const part = field(() => (isPart(given) ? copyOfPart(given) : undefined));
  if (part === undefined) throw unusable(name, whole);
  const wrong = wrongIn(part);
  if (wrong === undefined || (part.type === before?.type && wrongIn(before)?.name === wrong.name)) return part;
  throw mistake(
    `\`hooks.${name}()\` must be ${EXPECTED[name]}, not a "${part.type}" whose \`${wrong.name}\` is not ${wrong.expected}.`,
  );
}

/** Whether a value is a part, whatever its type. */
export function isPart(value: unknown): value is ProviderPart {
  return isGroup(value) && "type" in value && typeof value.type === "string";
}

/** Whether a value is the last part of an answer. */
export function isFinish(value: unknown): value is FinishPart {
  return isPart(value) && value.type === "finish";
}
