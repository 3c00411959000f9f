import type { SaidPart, TestedCall, TestedModel } from "../../src/index.ts";
import { apiCallError, createReference, SCRIPTS, type Reference, type Step } from "./reference.ts";

/** Makes a model that breaks one rule and is otherwise the reference. */
export type Broken = () => Reference;

/** The reference with another script for a prompt. */
const saying = (prompt: string, change: (steps: readonly Step[]) => readonly Step[]): Broken => {
  const scripts = { ...SCRIPTS, [prompt]: change(SCRIPTS[prompt] ?? []) };
  return () => createReference({ scripts });
};

const isPart = (step: Step): step is SaidPart => "type" in step;

/** With parts of a type changed. */
const changing = (prompt: string, type: string, change: (part: SaidPart) => readonly Step[]): Broken =>
  saying(prompt, (steps) => steps.flatMap((step) => (isPart(step) && step.type === type ? change(step) : [step])));

const overriding =
  (change: (model: TestedModel) => Partial<TestedModel>): Broken =>
  () => {
    const { model, service } = createReference();
    return { model: { ...model, ...change(model) }, service };
  };

const leaked = new Set<() => void>();

/** One broken model a rule; the names are those of the rules. */
export const BROKEN: Readonly<Record<string, Broken>> = {
  "says that it is of the specification v4, who it is, and which URLs it takes": overriding(() => ({
    supportedUrls: { "image/*": ["https:"] },
  })),
  "gives a whole answer as the specification has it": overriding(({ doGenerate }) => ({
    doGenerate: async (call) => ({ ...(await doGenerate(call)), finishReason: "stop" }),
  })),
  "counts tokens, or leaves open how many there were": changing("pieces", "finish", (part) => [
    { ...part, usage: { inputTokens: { total: Number.NaN }, outputTokens: { total: 1 } } },
  ]),
  "names the model that answers": changing("pieces", "response-metadata", () => [
    { type: "response-metadata", id: "1" },
  ]),
  "says the same whole and as a stream": overriding(({ doGenerate }) => ({
    doGenerate: async (call) => ({ ...(await doGenerate(call)), content: [{ type: "text", text: "Something else." }] }),
  })),
  "hands an answer out as it comes, from its first output on": overriding(({ doStream }) => ({
    async doStream(call) {
      const parts = await Array.fromAsync((await doStream(call)).stream);
      return { stream: ReadableStream.from(parts) };
    },
  })),
  "serves many calls at once, each with its own answer": overriding(({ doStream }) => {
    let latest: TestedCall | undefined;
    return {
      async doStream(call) {
        latest = call;
        await Promise.resolve();
        return doStream(latest);
      },
    };
  }),
  "answers, with a warning at most, where it is asked for settings that it does not know": overriding(
    ({ doStream }) => ({
      doStream(call) {
        if (call.topK !== undefined) throw new Error("No topK.");
        return doStream(call);
      },
    }),
  ),
  "writes on nothing that it is given": overriding(({ doGenerate }) => ({
    doGenerate(call) {
      call.prompt.push({ role: "user", content: [{ type: "text", text: "Be brief." }] });
      return doGenerate(call);
    },
  })),
  "tells a call of a tool whole, with an id of its own and JSON as its input, behind all of its pieces": changing(
    "tool",
    "tool-call",
    (part) => [{ ...part, input: '{"a":2}' }],
  ),
  "streams parts as the specification has them": changing("pieces", "text-delta", ({ delta, ...part }) => [
    { ...part, text: delta },
  ]),
  "begins a stream once, before any output, with what cannot be honoured": changing("pieces", "stream-start", () => []),
  "opens each block before its deltas and ends it before the finish, also of an answer that broke off": changing(
    "cut",
    "text-end",
    () => [],
  ),
  "ends an answer with one finish and nothing behind it": saying("pieces", (steps) => [
    ...steps,
    { type: "response-metadata", modelId: "late" },
  ]),
  "rejects where it fails before its first output": overriding(({ doStream }) => ({
    doStream: (call) =>
      Promise.resolve(doStream(call)).catch((error: unknown) => {
        if (call.abortSignal?.aborted === true) throw error;
        return { stream: ReadableStream.from<object>([{ type: "error", error }]) };
      }),
  })),
  "ends what broke off with an error part and then a finish that says so, and throws nothing": changing(
    "cut",
    "finish",
    (part) => [{ ...part, finishReason: { unified: "stop", raw: undefined } }],
  ),
  "says nothing more of an answer once it has said that it failed": changing("cut", "error", (part) => [
    part,
    { type: "text-start", id: "1" },
    { type: "text-delta", id: "1", delta: " " },
    { type: "text-end", id: "1" },
  ]),
  "rejects where a whole answer breaks off": overriding(({ doGenerate }) => ({
    doGenerate: (call) =>
      call.prompt[0]?.content[0]?.text === "cut"
        ? doGenerate({ prompt: [{ role: "user", content: [{ type: "text", text: "pieces" }] }] })
        : doGenerate(call),
  })),
  "fails with an APICallError that says nobody is to try again, as whoever could has tried": saying("fails", () => [
    apiCallError({ isRetryable: true }),
  ]),
  "shows in what it fails with no prompt, no headers, no body and no secret of an address": saying("fails", () => [
    apiCallError({ url: "https://example.com/?key=1" }),
  ]),
  "fails where nothing was said, and never calls that an answer": saying("nothing", () => [
    { type: "stream-start", warnings: [] },
    { type: "finish", finishReason: { unified: "stop", raw: "stop" }, usage: { inputTokens: {}, outputTokens: {} } },
  ]),
  "rejects with the reason of a signal that is aborted already, and asks nobody": overriding(({ doStream }) => ({
    doStream: ({ abortSignal, ...call }) =>
      doStream({ ...call, ...(abortSignal?.aborted === false && { abortSignal }) }),
  })),
  "throws the reason of its caller's abort at once, and stops the work": overriding(({ doStream }) => ({
    doStream: ({ abortSignal, ...call }) => {
      abortSignal?.throwIfAborted();
      return doStream(call);
    },
  })),
  "rejects a whole answer with the reason of its caller's abort at once, and stops the work": overriding(
    ({ doGenerate }) => ({
      doGenerate: ({ abortSignal, ...call }) => {
        abortSignal?.throwIfAborted();
        return doGenerate(call);
      },
    }),
  ),
  "stops the work where its stream is cancelled, at once": () => createReference({ deaf: true }),
  "leaves no listener on its caller's signal": overriding(({ doStream }) => ({
    doStream(call) {
      const leak = (): void => void leaked.add(leak);
      call.abortSignal?.addEventListener("abort", leak);
      return doStream(call);
    },
  })),
};
