import { strict as assert } from "node:assert";

import type { SaidPart } from "./tested-model.ts";

/** Why an answer may end. Newer versions may know more of them. */
const REASONS: ReadonlySet<unknown> = new Set([
  "stop",
  "length",
  "content-filter",
  "tool-calls",
  "error",
  "interrupted",
  "other",
]);

/** How an answer ended. Fails for what is none of the specification's. */
export function reasonIn(reason: unknown): string {
  const { unified, raw } = fieldsOf(reason, "a finish reason");
  assert.ok(REASONS.has(unified), `the finish reason ${String(unified)}`);
  assert.ok(raw === undefined || typeof raw === "string", "the raw finish reason");
  return unified as string;
}

/** Fails unless it is usage, each number counted or left open. */
export function assertUsage(usage: unknown): void {
  const { inputTokens, outputTokens } = fieldsOf(usage, "usage");
  const input = fieldsOf(inputTokens, "usage.inputTokens");
  const output = fieldsOf(outputTokens, "usage.outputTokens");
  for (const name of ["total", "noCache", "cacheRead", "cacheWrite"]) assertCount(input[name], `inputTokens.${name}`);
  for (const name of ["total", "text", "reasoning"]) assertCount(output[name], `outputTokens.${name}`);
}

function assertCount(count: unknown, name: string): void {
  const isCount = Number.isInteger(count) && (count as number) >= 0;
  assert.ok(count === undefined || isCount, `usage.${name} is ${String(count)}, neither a count nor undefined`);
}

/** Fails unless they are warnings of the specification. */
export function assertWarnings(warnings: unknown): void {
  assert.ok(Array.isArray(warnings), "warnings are an array");
  for (const warning of warnings) {
    const { type, feature, setting, message } = fieldsOf(warning, "a warning");
    const says =
      type === "unsupported" || type === "compatibility" ? feature : type === "deprecated" ? setting : message;
    assert.ok(typeof says === "string" && says !== "", `a warning of the type ${String(type)} that says nothing`);
  }
}

/** Fails unless it is metadata that JSON can tell, by provider. */
export function assertMetadata(metadata: unknown): void {
  if (metadata === undefined) return;
  for (const own of Object.values(fieldsOf(metadata, "providerMetadata"))) fieldsOf(own, "the metadata of a provider");
  assert.deepEqual(JSON.parse(JSON.stringify(metadata)), withoutUnset(metadata), "metadata is what JSON tells of it");
}

// A field that is not set is none in JSON.
function withoutUnset(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(withoutUnset);
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  const set = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(set.map(([name, field]) => [name, withoutUnset(field)]));
}

/** Fails unless a part has what the specification gives it. Types that are not known pass. */
export function assertPart(part: SaidPart): void {
  for (const name of STRINGS[part.type] ?? [])
    assert.ok(typeof part[name] === "string", `\`${name}\` of a ${part.type} is ${typeof part[name]}`);
  for (const name of NAMES) {
    const value = STRINGS[part.type]?.includes(name) === true ? part[name] : undefined;
    assert.ok(value !== "", `\`${name}\` of a ${part.type} is empty`);
  }
  assertMetadata(part["providerMetadata"]);
  if (part.type === "stream-start") assertWarnings(part["warnings"]);
  if (part.type === "file" || part.type === "reasoning-file") assertData(part["data"]);
  if (part.type === "source")
    assert.equal(typeof part[part["sourceType"] === "url" ? "url" : "title"], "string", "a source");
  if (part.type === "tool-call") JSON.parse(part["input"] as string);
}

function assertData(data: unknown): void {
  const { type, data: bytes, url } = fieldsOf(data, "the data of a file");
  if (type === "url") assert.ok(url instanceof URL, "the url of a file");
  else assert.ok(typeof bytes === "string" || bytes instanceof Uint8Array, "the data of a file");
}

const NAMES = ["id", "toolCallId", "toolName"];

/** Which fields of a part are strings. */
const STRINGS: Readonly<Record<string, readonly string[]>> = {
  "text-start": ["id"],
  "text-delta": ["id", "delta"],
  "text-end": ["id"],
  "reasoning-start": ["id"],
  "reasoning-delta": ["id", "delta"],
  "reasoning-end": ["id"],
  "tool-input-start": ["id", "toolName"],
  "tool-input-delta": ["id", "delta"],
  "tool-input-end": ["id"],
  "tool-call": ["toolCallId", "toolName", "input"],
  "tool-result": ["toolCallId", "toolName"],
  "tool-approval-request": ["approvalId", "toolCallId"],
  text: ["text"],
  reasoning: ["text"],
  file: ["mediaType"],
  "reasoning-file": ["mediaType"],
  source: ["id", "sourceType"],
};

/** An object's fields. Fails for what has none. */
export function fieldsOf(value: unknown, what: string): Readonly<Record<string, unknown>> {
  assert.ok(typeof value === "object" && value !== null && !Array.isArray(value), `${what} is an object`);
  return value as Readonly<Record<string, unknown>>;
}
