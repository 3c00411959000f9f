import { QwenError } from "../errors.ts";

/**
 * A value as JSON text. Half an emoji, as a cut through one leaves it, becomes U+FFFD: servers refuse it.
 *
 * Throws `invalid_request` for what JSON cannot say.
 */
export function writeJson(value: unknown): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(value);
  } catch (cause) {
    throw new QwenError("invalid_request", "The inputs cannot be written as JSON.", { cause });
  }
  if (json === undefined) throw new QwenError("invalid_request", "The inputs cannot be written as JSON.");
  // JSON.stringify escapes halves, and nothing else that way but a text that says so itself.
  if (!json.includes("\\ud")) return json;
  return json.replaceAll(/\\(?:(u[dD][89a-fA-F][\da-fA-F]{2})|.)/g, (escape, half) =>
    half === undefined ? escape : "\ufffd",
  );
}

/** The value of a JSON text, `undefined` where it is none: what comes from outside may be anything. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether a value is a JSON object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
