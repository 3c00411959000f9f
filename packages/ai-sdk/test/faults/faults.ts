import type { ModelMessage } from "ai";
import type { OpenAIFault, OpenAIAnswer } from "@qwen/testing";

/** What goes wrong with the first of two models. */
export interface FaultCase {
  readonly name: string;
  /** Of the server; none where the answer itself is the fault. */
  readonly faults?: readonly Omit<OpenAIFault, "model">[];
  readonly answer?: OpenAIAnswer;
  /** How long the second model takes to its first word, in ms. */
  readonly secondDelayMs?: number;
  /** Nobody listens where it is. */
  readonly isRefused?: boolean;
  /** The first one is asked by `@ai-sdk/openai`, which tells a cut answer. */
  readonly byOpenAI?: boolean;
  /** The call offers a tool. */
  readonly tools?: boolean;
  readonly messages?: ModelMessage[];
  readonly hedges?: boolean;
  /** It is silent, and may be for good. */
  readonly waits?: boolean;
}

const afterTool: ModelMessage[] = [
  { role: "user", content: "Look it up." },
  { role: "assistant", content: [{ type: "tool-call", toolCallId: "1", toolName: "look_up", input: {} }] },
  {
    role: "tool",
    content: [{ type: "tool-result", toolCallId: "1", toolName: "look_up", output: { type: "text", value: "42" } }],
  },
];

const cutTool: OpenAIAnswer = { steps: [{ toolCall: "look_up", arguments: ['{"number":', "42", "}"] }] };

export const faultCases: readonly FaultCase[] = [
  { name: "400", faults: [{ name: "status", status: 400 }] },
  { name: "401", faults: [{ name: "unauthorized" }] },
  { name: "429, `Retry-After: 3600`", faults: [{ name: "rate-limited-seconds", ms: 3_600_000 }] },
  { name: "500", faults: [{ name: "server-error" }] },
  { name: "refused", isRefused: true },
  { name: "error part first", faults: [{ name: "error-chunk", after: 0 }] },
  { name: "silent before the answer", faults: [{ name: "stall", after: 0 }], waits: true },
  { name: "empty", faults: [{ name: "empty" }] },
  { name: "empty `content-filter`", answer: { steps: [], finishReason: "content_filter" } },
  { name: "empty behind a tool's result", faults: [{ name: "empty" }], messages: afterTool },
  { name: "end in mid-answer", faults: [{ name: "eof", after: 2 }] },
  { name: "reset in mid-answer", faults: [{ name: "reset", after: 2 }] },
  { name: "error part in mid-answer", faults: [{ name: "error-chunk", after: 2 }] },
  { name: "malformed chunk", faults: [{ name: "garbage-chunk", after: 2 }] },
  { name: "pings only", faults: [{ name: "heartbeats-only", after: 2 }], waits: true },
  { name: "silent in mid-answer", faults: [{ name: "stall", after: 2 }], waits: true },
  { name: "cut input of a tool", answer: cutTool, faults: [{ name: "eof", after: 2 }], tools: true },
  { name: "`interrupted`", faults: [{ name: "eof", after: 2 }], byOpenAI: true },
  {
    name: "silent, the second slow, hedged",
    faults: [{ name: "stall", after: 0 }],
    secondDelayMs: 200,
    hedges: true,
    waits: true,
  },
];
