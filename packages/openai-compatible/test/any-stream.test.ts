import type { ProviderPart } from "@qwen/core";
import { expect, test } from "vitest";
import { shareOf } from "../../../test/share.ts";
import { openaiCompatible } from "../src/index.ts";
import { heard, QUESTION } from "./scripted-endpoint.ts";

type Pick = <Value>(values: readonly Value[]) => Value;

/** Picks by a seed, the same each time. */
function pickOf(seed: number): Pick {
  let state = seed;
  return (values) => {
    state = (state + 0x6d2b79f5) | 0;
    let hash = Math.imul(state ^ (state >>> 15), 1 | state);
    hash = (hash + Math.imul(hash ^ (hash >>> 7), 61 | hash)) ^ hash;
    return values[((hash ^ (hash >>> 14)) >>> 0) % values.length] as never;
  };
}

const TEXTS = [
  "Hello",
  " wörld",
  "\u{1F600}",
  "<think>",
  "</think>",
  "<thi",
  "nk>",
  "\n",
  "",
  '"q"',
  "[DONE]",
  "\u2028",
];
const REASONS = [...Array.from({ length: 8 }, () => null), "stop", "length", "content_filter", "tool_calls", "error"];
const ODD_REASONS = ["null", "whatever", "", 5, "in_progress"];
const INPUTS = [undefined, "", "{}", '{"a"', ":1}", null, { a: 1 }, [1], "x"];
const IDS = [undefined, "a", "b", ""];

function call(pick: Pick): object {
  const said = pick([undefined, null, {}, {}, {}]);
  return {
    index: pick([0, 1, undefined, "0", "1", -1]),
    id: pick(IDS),
    function: said && { name: pick([undefined, "x", "y", ""]), arguments: pick(INPUTS) },
  };
}

function delta(pick: Pick): unknown {
  switch (pick([0, 0, 0, 0, 1, 2, 3, 4, 5, 6])) {
    case 1:
      return { reasoning_content: pick(TEXTS) };
    case 2:
      return { reasoning: pick(TEXTS), content: pick(TEXTS) };
    case 3:
      return { refusal: pick(["No", "", ""]) };
    case 4:
      return { tool_calls: pick([[call(pick)], [call(pick), call(pick)]]) };
    case 5:
      return { content: [{ type: "text", text: pick(TEXTS) }] };
    case 6:
      return pick([{}, null, { content: null }, { role: "assistant", content: "" }]);
    default:
      return { content: pick(TEXTS) };
  }
}

const OTHERS = [
  {},
  { choices: [] },
  { choices: null, usage: { completion_tokens: 2 } },
  { choices: [{ index: 1, delta: { content: "other" } }] },
  { code: 0, message: "ok" },
  { error: { message: "boom", code: 429 } },
  { base_resp: { status_code: 1, status_msg: "x" } },
  [{ error: { message: "x" } }],
  null,
];

function chunk(pick: Pick): unknown {
  if (pick([true, ...Array.from({ length: 14 }, () => false)])) return pick(OTHERS);
  const said = { [pick(["delta", "delta", "delta", "delta", "delta", "delta", "message"])]: delta(pick) };
  const reason = pick([...REASONS, ...REASONS, pick(ODD_REASONS)]);
  return { id: "c", model: pick(["m", "m", "", undefined]), choices: [{ index: 0, ...said, finish_reason: reason }] };
}

function event(pick: Pick): string {
  const odd = pick([...Array.from({ length: 30 }, () => ""), ": ping\n\n", "data: [DONE]\n\n", "data: {no\n\n", "\n"]);
  const end = pick(["\n\n", "\n\n", "\r\n\r\n"]);
  return odd === "" ? `data:${pick([" ", ""])}${JSON.stringify(chunk(pick))}${end}` : odd;
}

/** Says a body in pieces, and stands still where it is told to. */
function transportOf(pieces: readonly Uint8Array[]) {
  const body = { pause() {}, resume() {}, cancel() {} };
  const pipe = (sink: { chunk(bytes: Uint8Array): void; end(): void }): void =>
    queueMicrotask(() => {
      for (const piece of pieces) sink.chunk(piece);
      sink.end();
    });
  return {
    request: async () => ({ status: 200, headers: { "content-type": "text/event-stream" }, body: { ...body, pipe } }),
    close: () => Promise.resolve(),
  } as never;
}

/** What is told of an answer, whatever pieces its text came in, and whatever ids were given to calls without one. */
async function told(pieces: readonly Uint8Array[], { strictModel }: { readonly strictModel: boolean }) {
  const capabilities = { tools: true };
  const transport = transportOf(pieces);
  const provider = openaiCompatible({
    id: "e",
    baseURL: "http://127.0.0.1/v1",
    models: ["m"],
    transport,
    strictModel,
    capabilities,
  });
  const { parts, error } = await heard(
    provider.stream({ messages: QUESTION, settings: { tools: [{ name: "x", inputSchema: {} }] } }),
  );
  const ends = parts.filter(({ type }) => type === "finish").length + (error === undefined ? 0 : 1);
  const given = new Map<string, string>();
  const joined: ProviderPart[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (
      "text" in part &&
      last !== undefined &&
      "text" in last &&
      part.type === last.type &&
      part.type !== "tool-input-delta"
    )
      joined[joined.length - 1] = { ...last, text: last.text + part.text } as ProviderPart;
    else joined.push(part);
  }
  const masked = JSON.stringify(joined, (name, value: unknown) => {
    if (name !== "toolCallId" || typeof value !== "string" || IDS.includes(value)) return value;
    given.set(value, given.get(value) ?? `given ${given.size}`);
    return given.get(value);
  });
  return { ends, parts: masked, error: (error as Error | undefined)?.message };
}

const SEEDS = shareOf(
  Array.from({ length: 2000 }, (_, index) => index),
  0.02,
);

test(
  `any stream has one end, and is told the same however its bytes are cut (${SEEDS.length} streams)`,
  { timeout: 60_000 },
  async () => {
    for (const seed of SEEDS) {
      const pick = pickOf(seed);
      const events = Array.from({ length: pick([1, 3, 6, 12]) }, () => event(pick));
      if (pick([true, false])) events.push('data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n');
      const bytes = new TextEncoder().encode(events.join(""));
      const options = { strictModel: pick([false, false, true]) };
      const whole = await told([bytes], options);
      expect(whole.ends, `seed ${seed}`).toBe(1);
      const each = await told(
        events.map((text) => new TextEncoder().encode(text)),
        options,
      );
      expect(each, `seed ${seed}`).toEqual(whole);
      const single = await told(
        Array.from(bytes, (byte) => Uint8Array.of(byte)),
        options,
      );
      expect(single, `seed ${seed}`).toEqual(whole);
    }
  },
);
