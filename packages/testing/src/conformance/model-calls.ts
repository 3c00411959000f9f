import { strict as assert } from "node:assert";

import type { SaidPart, TestedCall, TestedModel } from "./tested-model.ts";

/** A call with one message of the user. */
export function asking(prompt: string, more: Omit<TestedCall, "prompt"> = {}): TestedCall {
  return { prompt: [{ role: "user", content: [{ type: "text", text: prompt }] }], ...more };
}

/** With the tool that checks offer. */
export const CLOCK: Pick<TestedCall, "tools"> = {
  tools: [{ type: "function", name: "clock", description: "Tells the time.", inputSchema: { type: "object" } }],
};

/** What a stream said, and how it ended. */
export interface Told {
  readonly parts: readonly SaidPart[];
  /** When each part came, in ms since the call. */
  readonly times: readonly number[];
  /** What reading threw. */
  readonly thrown: unknown;
  readonly hasThrown: boolean;
}

/** Reads a stream to its end. Rejects as `doStream` does. */
export async function streamed(model: TestedModel, call: TestedCall): Promise<Told> {
  const startedAt = performance.now();
  const { stream } = await model.doStream(call);
  const parts: SaidPart[] = [];
  const times: number[] = [];
  const reader = stream.getReader();
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      parts.push(asPart(read.value));
      times.push(performance.now() - startedAt);
    }
    return { parts, times, thrown: undefined, hasThrown: false };
  } catch (thrown) {
    return { parts, times, thrown, hasThrown: true };
  }
}

/** Reads a stream that has to succeed. */
export async function answeredParts(model: TestedModel, call: TestedCall): Promise<readonly SaidPart[]> {
  const { parts, thrown, hasThrown } = await streamed(model, call);
  if (hasThrown) throw thrown;
  const error = parts.find(({ type }) => type === "error");
  if (error !== undefined) throw error["error"];
  return parts;
}

function asPart(value: unknown): SaidPart {
  assert.ok(typeof value === "object" && value !== null && "type" in value, "a part is an object with a `type`");
  assert.equal(typeof value.type, "string", "the type of a part");
  return value as SaidPart;
}

/** The result of `doGenerate`, its content as parts. */
export async function generated(
  model: TestedModel,
  call: TestedCall,
): Promise<Readonly<Record<string, unknown>> & { readonly content: readonly SaidPart[] }> {
  const result = (await model.doGenerate(call)) as Readonly<Record<string, unknown>>;
  const { content } = result;
  assert.ok(Array.isArray(content), "`content` of a result is an array");
  return { ...result, content: content.map(asPart) };
}

/** All that parts of one type say, joined: of text, thought, or the input of a call. */
export function joined(
  parts: readonly SaidPart[],
  type: "text-delta" | "reasoning-delta" | "tool-input-delta",
  id?: unknown,
): string {
  return parts
    .flatMap((part) => (part.type === type && (id === undefined || part["id"] === id) ? [String(part["delta"])] : []))
    .join("");
}

/** What is part of an answer, and no word about it. */
export function isOutput({ type, delta }: SaidPart): boolean {
  return OUTPUT.has(type) && delta !== "";
}

const OUTPUT: ReadonlySet<string> = new Set([
  "text-delta",
  "reasoning-delta",
  "tool-input-delta",
  "tool-call",
  "tool-result",
  "file",
  "reasoning-file",
]);

/** What a promise rejects with. Fails where it does not. Who awaits it later is told then, and nobody else before. */
export function rejection(what: string, promise: PromiseLike<unknown>): Promise<unknown> {
  const told = rejected(what, promise);
  void told.catch(() => {});
  return told;
}

async function rejected(what: string, promise: PromiseLike<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new assert.AssertionError({ message: `${what} did not reject` });
}
