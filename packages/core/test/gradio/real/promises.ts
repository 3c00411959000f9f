import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import type { SpaceFile } from "../../../src/gradio/space-file.ts";
import type { SpaceMessage } from "../../../src/gradio/space-message.ts";
import { connectSpace, type Space } from "../../../src/gradio/space.ts";
import { collect, rejection } from "../../servers/waiting.ts";

/** What is asked whether it keeps them: the app in `apps/promises`. */
export interface Promising {
  readonly url: string;
  readonly space: Space;
}

/** How long the app is silent before a large answer, in seconds: longer than from one heartbeat to the next where all is run. */
const SILENCE_S = process.env["TEST_ALL"] === "1" ? 16 : 1;

/** A promise in words, how it is seen to be kept, and the major of Gradio that has it first. */
type Promised = readonly [promise: string, keep: (app: Promising) => Promise<void>, since?: number];

/** What users of other clients rely on, each held to Gradio's own server. */
export const PROMISES: readonly Promised[] = [
  [
    "intermediate outputs come as they are made, the last one behind them",
    async ({ space }) => {
      const messages = await collect(space.submit("/count", { to: 5, ms: 30 }));
      expect(outputsOf(messages)).toEqual([["1"], ["2"], ["3"], ["4"], ["5"], ["5"]]);
    },
  ],
  [
    "States are kept over the calls of a session, and shared with no other",
    async ({ space }) => {
      const session = space.session();
      expect(await session.predict("/remember", ["a"])).toEqual(["a", null, 1]);
      expect(await session.predict("/remember", { text: "b" })).toEqual(["a, b", null, 2]);
      expect(await session.predict("/remember", ["c", null])).toEqual(["a, b, c", null, 3]);
      expect(await space.predict("/remember", ["d"])).toEqual(["d", null, 1]);
      await session.close();
    },
  ],
  [
    "calls of a session at once run one after the other, in one session",
    async ({ space }) => {
      const session = space.session();
      const answers = await Promise.all(["a", "b", "c"].map((text) => session.predict("/remember", [text])));
      expect(answers.map(([texts]) => texts)).toEqual(["a", "a, b", "a, b, c"]);
      await session.close();
    },
  ],
  [
    "a call that is left while it runs is stopped, and its session goes on",
    async ({ space }) => {
      const session = space.session();
      const left = session.submit("/one_at_a_time", { job: "left", steps: 100, ms: 50 });
      while ((await left.next()).value?.type !== "generating");
      await left.return?.();
      const after = ["a", "b", "c"].map((job) => session.predict("/one_at_a_time", [job, 2, 10]));
      expect(await Promise.all(after)).toEqual([["1 2"], ["1 2"], ["1 2"]]);
      expect(await finalSteps(space, "left")).toBeLessThan(20);
      await session.close();
    },
  ],
  [
    "a call that is left in the queue never runs",
    async ({ space }) => {
      const running = ["one", "two"].map((job) => space.submit("/one_at_a_time", [job, 20, 50]));
      for (const one of running) while ((await one.next()).value?.type !== "generating");
      const waiting = space.submit("/one_at_a_time", ["never", 1, 1]);
      expect((await waiting.next()).value).toMatchObject({ type: "queue" });
      await waiting.return?.();
      await Promise.all(running.map((one) => collect(one)));
      expect(await finalSteps(space, "never")).toBe(0);
    },
  ],
  [
    "more jobs than workers wait for each other, and each is told its place",
    async ({ space }) => {
      const jobs = Array.from({ length: 5 }, (_, index) => space.submit("/one_at_a_time", [`many ${index}`, 3, 40]));
      const told = await Promise.all(jobs.map((job) => collect(job)));
      expect(told.map((messages) => messages.at(-1))).toEqual(
        Array.from({ length: 5 }, () => ({ type: "completed", data: ["1 2 3"] })),
      );
      const places = told.flatMap((messages) =>
        messages.flatMap((message) => (message.type === "queue" ? [message.position] : [])),
      );
      expect(Math.max(...places)).toBeGreaterThan(0);
    },
  ],
  [
    "a queue that is full refuses with `queue_full`",
    async ({ space }) => {
      const jobs = Array.from({ length: 14 }, (_, index) => space.submit("/one_at_a_time", [`full ${index}`, 4, 50]));
      const ends = await Promise.allSettled(jobs.map((job) => collect(job)));
      const codes = ends.flatMap((end) => (end.status === "rejected" ? [(end.reason as { code: string }).code] : []));
      expect(new Set(codes)).toEqual(new Set(["queue_full"]));
      expect(codes.length).toBeLessThanOrEqual(6);
    },
  ],
  [
    "what a validator refuses says why, and is nobody's fault but the caller's",
    async ({ space }) => {
      const error = await rejection(space.predict("/validated", { age: -1 }));
      expect(error).toMatchObject({ code: "unsupported", status: 422 });
      expect((error as Error).message).toContain("An age is from 0 to 150.");
      expect(await space.predict("/validated", { age: 7 })).toEqual([7]);
    },
    5,
  ],
  [
    "parameters that are left out have their defaults, those of their components first",
    async ({ space, url }) => {
      expect(await space.predict("/order", {})).toEqual(["2 × soup"]);
      expect(await space.predict("/order", [5])).toEqual(["5 × soup"]);
      expect(await space.predict("/order", { spicy: true, dish: "pie" })).toEqual(["2 × pie (spicy)"]);
      expect(await connectSpace(url).predict("/order", [5, "pie"])).toEqual(["5 × pie"]);
    },
  ],
  [
    "missing and unknown parameters are refused before a job, and those there are are named",
    async ({ space, url }) => {
      for (const inputs of [{}, [], { too: 3 }, [1, 2, 3]]) {
        const error = await rejection(space.predict("/count", inputs));
        expect(error).toMatchObject({ code: "invalid_request", message: expect.stringContaining("to, ms = 1") });
      }
      const error = await rejection(connectSpace(url).predict("/count", []));
      expect(error).toMatchObject({ code: "invalid_request" });
    },
  ],
  [
    "a choice that is none, a number out of range and a wrong type are refused by the app",
    async ({ space }) => {
      expect(await rejection(space.predict("/order", { dish: "stone" }))).toMatchObject({ code: "space_error" });
      expect(await rejection(space.predict("/order", { amount: 99 }))).toMatchObject({ code: "space_error" });
    },
    5,
  ],
  [
    "texts come back as they went: any script, emojis, quotes, thousands of line breaks",
    async ({ space }) => {
      for (const text of [
        "日本語 Ünïcödé العربية 🤖👩‍👩‍👧 \u2028\u0085",
        `"'\\</script>{{}}%s`,
        "line\n".repeat(5000),
        " \t\r\n ",
      ])
        expect(await space.predict("/echo", [text])).toEqual([text]);
    },
  ],
  [
    "a large answer comes whole behind a silence that heartbeats alone break",
    async ({ space }) => {
      const [text] = await space.predict("/bulk", { size: 2_000_000, seconds: SILENCE_S });
      expect(String(text)).toHaveLength(2_000_000);
    },
  ],
  [
    "files go in by bytes, Blob and URL, one or many, with their names",
    async ({ space }) => {
      const sizeOf = async (file: unknown): Promise<unknown> =>
        JSON.parse(String((await space.predict("/file_size", { file }))[0]));
      expect(await sizeOf(new Uint8Array(10))).toMatchObject({ size: 10 });
      expect(await sizeOf(new File(["hello"], "a b ü.txt"))).toEqual({ size: 5, name: "a b ü.txt" });
      expect(await sizeOf(new URL("data:text/plain,abc"))).toEqual({ size: 3, name: "file.txt" });
      expect(await sizeOf(new URL("../../apps/promises/app.py", import.meta.url))).toMatchObject({ name: "app.py" });
      expect(await space.predict("/files_size", [[new Uint8Array(3), new Blob(["ab"])]])).toEqual([[3, 2]]);
    },
  ],
  [
    "files that are larger than the app takes are refused before they are sent",
    async ({ space }) => {
      const error = await rejection(space.predict("/file_size", [new Uint8Array(64 * 1024 + 1)]));
      expect(error).toMatchObject({ code: "invalid_request", message: expect.stringContaining("65536 at most") });
      expect(await rejection(space.upload(new Uint8Array(64 * 1024 + 1)))).toMatchObject({ code: "invalid_request" });
    },
  ],
  [
    "files come out with name and size, are read as bytes, Blob and stream, and go in again",
    async ({ space }) => {
      const [file] = (await space.predict("/write_file", ["t ü.txt", "Hällo"])) as [SpaceFile];
      expect(file).toMatchObject({ name: "t ü.txt", size: 6 });
      expect(new TextDecoder().decode(await file.bytes())).toBe("Hällo");
      expect(await (await file.blob()).text()).toBe("Hällo");
      expect(await new Response(file.stream()).text()).toBe("Hällo");
      expect(await rejection(file.bytes({ maxBytes: 3 }))).toMatchObject({ code: "protocol" });
      expect(String((await space.predict("/file_size", [file]))[0])).toContain('"size": 6');
      const [pictures] = (await space.predict("/gallery", { count: 2 })) as [readonly { readonly image: SpaceFile }[]];
      const sizes = await Promise.all(pictures.map(async ({ image }) => (await image.bytes()).byteLength));
      expect(Math.min(...sizes)).toBeGreaterThan(10);
    },
  ],
  [
    "progress is told, one bar within another, with its iterations",
    async ({ space }) => {
      const messages = await collect(space.submit("/nested", []));
      const bars = messages.flatMap((message) => (message.type === "progress" ? [message.bars] : []));
      expect(bars).toContainEqual([
        expect.objectContaining({ message: "outer", length: 2, unit: "steps" }),
        expect.objectContaining({ message: "inner", length: 2, unit: "steps" }),
      ]);
    },
  ],
  [
    "log lines are told with level, title and duration",
    async ({ space }) => {
      const logs = (await collect(space.submit("/logs", []))).filter(({ type }) => type === "log");
      expect(logs).toMatchObject([
        { level: "info", message: "for your information", title: "Note", durationMs: 3000 },
        { level: "warning", message: "a warning", title: "Warning" },
        { level: "success", message: "a success", title: "Success" },
      ]);
    },
    5,
  ],
  [
    "streams of lists and objects are whole at each step",
    async ({ space }) => {
      expect(outputsOf(await collect(space.submit("/lists", [4])))).toEqual([
        [[0]],
        [[0, 1]],
        [[0, 1, 2]],
        [[0, 1, 2, 3]],
        [[0, 1, 2, 3]],
      ]);
      expect(outputsOf(await collect(space.submit("/dicts", [2])))).toEqual([
        [{ 0: 0 }],
        [{ 0: 0, 1: 1 }],
        [{ 0: 0, 1: 1 }],
      ]);
    },
  ],
  [
    "outputs that are skipped keep the value they had",
    async ({ space }) => {
      expect(await space.predict("/skipping", ["four"])).toEqual(["four", 4]);
    },
  ],
  [
    "updates of components are their values, and nothing where they have none",
    async ({ space }) => {
      expect(await space.predict("/updating", ["x"])).toEqual(["x", undefined]);
    },
  ],
  [
    "batch functions answer each call with its own",
    async ({ space }) => {
      const answers = await Promise.all(["abc", "de", "f", "ghij"].map((text) => space.predict("/batched", [text])));
      expect(answers).toEqual([["cba"], ["ed"], ["f"], ["jihg"]]);
    },
  ],
  [
    "endpoints without outputs and without inputs run",
    async ({ space }) => {
      expect(await space.predict("/silent", { text: "silent" })).toEqual([]);
      expect(JSON.parse(String((await space.predict("/stats", ["silent"]))[0]))).toMatchObject({ finished: 1 });
      expect(await space.predict("/nested", {})).toEqual(["done"]);
    },
  ],
  [
    "two functions of one name are two endpoints; one that is not documented has its name, a private one its number",
    async ({ space }) => {
      expect(await space.predict("/twice", ["x"])).toEqual(["first x"]);
      expect(await space.predict("/twice_1", { text: "x" })).toEqual(["second x"]);
      expect(await space.predict("/undocumented", { text: "x" })).toEqual(["x"]);
      const hidden = (await space.endpoints()).find(({ visibility }) => visibility === "private");
      expect(await space.predict(hidden?.fnIndex ?? -1, ["x"])).toEqual(["x"]);
    },
  ],
  [
    "an error of the app comes with its title and how long it is shown",
    async ({ space }) => {
      expect(await rejection(space.predict("/failing", []))).toMatchObject({
        code: "space_error",
        message: "The kettle is empty.",
        title: "No tea",
        durationMs: 7000,
      });
    },
    5,
  ],
  [
    "endpoints() and describe() say what the page `Use via API` says",
    async ({ space }) => {
      const order = (await space.endpoints()).find(({ name }) => name === "/order");
      expect(order?.parameters).toMatchObject([
        { name: "amount", component: "slider", default: 2, range: { minimum: 1, maximum: 9, step: 1 } },
        { name: "dish", component: "dropdown", default: "soup", choices: ["soup", "pie"], schema: { type: "string" } },
        { name: "spicy", component: "checkbox", default: false },
      ]);
      const words = await space.describe();
      expect(words).toContain("/order(amount, dish, spicy)");
      expect(words).not.toContain("undocumented");
    },
  ],
];

function outputsOf(messages: readonly SpaceMessage[]): readonly unknown[] {
  return messages.flatMap((message) =>
    message.type === "generating" || message.type === "completed" ? [message.data] : [],
  );
}

/** How many steps a job has made once it makes no more. */
async function finalSteps(space: Space, job: string): Promise<number> {
  for (let before = -1; ;) {
    const [text] = await space.predict("/stats", [job]);
    const { steps } = JSON.parse(String(text)) as { readonly steps: number };
    if (steps === before) return steps;
    before = steps;
    await sleep(300);
  }
}
