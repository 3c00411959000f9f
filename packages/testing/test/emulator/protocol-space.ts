import { words } from "../../src/emulator/script.ts";
import { once, type Space, type SpaceFunction, TEXT } from "../../src/emulator/space.ts";
import type { AnswerLike } from "../../src/index.ts";

const PARTIAL = "one two three four five six seven eight nine ten";
const FAILURE = "The model gave up…";

/** The app of packages/core/test/apps/protocol, as far as its endpoints work without files and pictures. */
export function protocolSpace(): Space {
  const text = 1;
  const job = 2;
  const count = 3;
  const ms = 4;
  const number = 5;
  const state = 6;
  const table = 7;
  const answer = 8;

  const asking = (apiName: string, inputs: readonly number[], more: Partial<SpaceFunction> = {}): SpaceFunction => ({
    apiName,
    inputs,
    outputs: [answer],
    generates: true,
    async *run({ data, ask }) {
      for await (const said of ask(JSON.stringify([apiName, ...data]))) yield [said];
    },
    ...more,
  });
  const unlike = (apiName: string): SpaceFunction => asking(apiName, []);
  const rows = (...second: readonly string[]) => ({
    headers: ["1", "2", "3"],
    data: [["a", "b", "c"], second],
    metadata: null,
  });

  const runs = new Map<string, { started: number; steps: number; finished: number }>();
  const counted = (apiName: string, more: Partial<SpaceFunction> = {}): SpaceFunction =>
    asking(apiName, [count, ms, job], {
      async *run({ data, ask }) {
        const stats = runs.get(String(data[2])) ?? { started: 0, steps: 0, finished: 0 };
        runs.set(String(data[2]), stats);
        stats.started += 1;
        for await (const said of ask(JSON.stringify([apiName, ...data]))) {
          stats.steps += 1;
          yield [said];
        }
        stats.finished += 1;
      },
      ...more,
    });

  return {
    title: "Protocol",
    mode: "blocks",
    components: [
      { id: text, type: "textbox", label: "text", schema: TEXT },
      { id: job, type: "textbox", label: "job", schema: TEXT },
      { id: count, type: "number", label: "count", schema: { type: "number" } },
      { id: ms, type: "number", label: "ms", schema: { type: "number" } },
      { id: number, type: "number", label: "words", schema: { type: "number" } },
      { id: state, type: "state", value: [] },
      { id: table, type: "dataframe", label: "table", schema: {} },
      { id: answer, type: "textbox", label: "answer", schema: TEXT },
    ],
    functions: [
      asking("chat", [text]),
      counted("steps"),
      counted("one_at_a_time", { concurrencyLimit: 1 }),
      asking("plain", [text, ms, job], { generates: false }),
      { ...asking("unqueued", [text], { generates: false }), queue: false },
      asking("fail", [count]),
      asking("crash", [count]),
      asking("rewrite", []),
      asking("nothing", []),
      {
        apiName: "shrink",
        inputs: [],
        outputs: [table],
        generates: true,
        async *run() {
          yield [rows("one", "two", "three")];
          yield [rows("final")];
        },
      },
      {
        ...asking("pair", [text]),
        outputs: [answer, number],
        async *run({ data, ask }) {
          let so = 0;
          for await (const said of ask(JSON.stringify(["chat", ...data]))) yield [said, ++so];
        },
      },
      unlike("file_size"),
      unlike("image_size"),
      {
        apiName: "echo_state",
        inputs: [text, state],
        outputs: [answer, state],
        run({ data: [said], state: session }) {
          const texts = [...((session.get("texts") ?? []) as string[]), String(said)];
          session.set("texts", texts);
          return once([texts.join(", "), null]);
        },
      },
      asking("logs", []),
      {
        ...asking("stats", [job], { generates: false }),
        queue: false,
        run: ({ data: [name] }) => once([JSON.stringify(runs.get(String(name)))]),
      },
    ],
  };
}

/** What the functions of {@link protocolSpace} say. */
export function protocolAnswer(prompt: string): AnswerLike {
  const [name, first, second] = JSON.parse(prompt) as [string, never, never];
  switch (name) {
    case "chat":
    case "unqueued":
      return name === "chat" ? words(first) : [first];
    case "plain":
      return { steps: [first], firstDelayMs: second };
    case "steps":
    case "one_at_a_time": {
      const steps = Array.from({ length: first }, (_, index) => (index === 0 ? "1" : ` ${index + 1}`));
      return { steps, firstDelayMs: second, delayMs: second };
    }
    case "fail":
      return [...words(PARTIAL).slice(0, first), { error: FAILURE }];
    case "crash":
      return [...words(PARTIAL).slice(0, first), { exception: "a detail that nobody may see" }];
    case "rewrite":
      return ["Hello ", "Hello wurld", "Hello world", "Hello world, again."].map((rewrite) => ({ rewrite }));
    case "logs":
      return [
        { log: "for your information" },
        "working",
        { log: "a warning", level: "warning" },
        { progress: 2, of: 2, description: "whole" },
        { waitMs: 200 },
        { rewrite: "done" },
      ];
    default:
      return [];
  }
}
