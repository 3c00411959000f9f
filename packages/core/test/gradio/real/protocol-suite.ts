import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { startProtocolApp, type GradioVersion } from "@qwen/local-spaces";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SpaceMessage } from "../../../src/gradio/space-message.ts";
import { connectSpace, type Space } from "../../../src/gradio/space.ts";
import type { Transport, TransportRequest } from "../../../src/http/transport.ts";
import { createTransport } from "../../../src/http/undici-transport.ts";
import { testInputs } from "./inputs-suite.ts";
import { ask, chatProvider, shownText } from "../../servers/chat-provider.ts";
import { collect, rejection, settles } from "../../servers/waiting.ts";

const TEXT = "Qwen sagt: 日本 🙂 \u0085\u2028 haha haha\n\n\n  - a\n  - b\n";
const WORDS = "one two three four five six seven eight nine ten";
const STEP_MS = 50;
const STEPS = 40;

interface Stats {
  readonly started: number;
  readonly steps: number;
  readonly finished: number;
  readonly stopped: number;
  readonly failed: number;
}

/** Holds the client to Gradio's own server of one version. */
export function testProtocol(version: GradioVersion): void {
  describe(`Gradio ${version}`, () => {
    let app: Awaited<ReturnType<typeof startProtocolApp>>;
    let space: Space;
    beforeAll(async () => {
      app = await startProtocolApp(version);
      space = connectSpace(app.url);
    });
    afterAll(async () => {
      await space?.close();
      await app?.stop();
    });

    const statsOf = async (job: string): Promise<Stats> => {
      const [text] = await space.predict("stats", [job]);
      return JSON.parse(String(text)) as Stats;
    };

    /** The counts of a job once they no longer change. */
    async function finalStats(job: string): Promise<Stats> {
      let before = await statsOf(job);
      for (;;) {
        await sleep(8 * STEP_MS);
        const now = await statsOf(job);
        if (now.steps === before.steps && now.finished === before.finished) return now;
        before = now;
      }
    }

    const textsOf = (messages: readonly SpaceMessage[]): readonly unknown[] =>
      messages.flatMap((message) => (message.type === "generating" ? [message.data[0]] : []));

    testInputs(() => ({ url: app.url, space }));

    describe("answers", () => {
      it.each(["by name, before /config is known", "by fn_index, as edits"])("are whole and exact %s", async (way) => {
        const client = connectSpace(app.url);
        if (way.startsWith("by fn_index")) await client.endpoints();
        const messages = await collect(client.submit("chat", [TEXT]));
        expect(messages.at(-1)).toEqual({ type: "completed", data: [TEXT] });
        const texts = textsOf(messages);
        expect(texts.length).toBeGreaterThan(1);
        for (const text of texts) expect(TEXT.startsWith(String(text))).toBe(true);
        await client.close();
      });

      it("are whole and exact over hundreds of edits", async () => {
        const text = Array.from({ length: 300 }, (_, index) => `${index}: ha haha 日本🙂`).join("  \n");
        const provider = chatProvider({ space: app.url });
        const chat = { messages: [{ role: "user", content: text }] } as const;
        const parts = await collect(provider.stream(chat));
        expect(shownText(parts)).toBe(text);
        expect(parts.filter(({ type }) => type === "text-delta").length).toBeGreaterThan(100);
        await provider.close?.();
      });

      it("of a provider are deltas, and rewrites where the app rewrote", async () => {
        const provider = chatProvider({ space: app.url });
        const chat = (text: string) => provider.stream({ messages: [{ role: "user", content: text }] });
        for (let call = 0; call < 2; call += 1) expect(shownText(await collect(chat(TEXT)))).toBe(TEXT);
        const rewriting = chatProvider(
          { space: app.url },
          { endpoint: "rewrite", fnIndex: undefined, inputs: () => [] },
        );
        for (let call = 0; call < 2; call += 1) {
          const parts = await collect(ask(rewriting));
          expect(shownText(parts)).toBe("Hello world, again.");
          expect(parts.some(({ type }) => type === "text-replace")).toBe(true);
        }
        await Promise.all([provider.close?.(), rewriting.close?.()]);
      });

      it("of two outputs grow side by side", async () => {
        await space.endpoints();
        const messages = await collect(space.submit("pair", [WORDS]));
        expect(messages.at(-1)).toEqual({ type: "completed", data: [WORDS, 10] });
        for (const message of messages)
          if (message.type === "generating")
            expect(String(message.data[0]).trim().split(" ")).toHaveLength(Number(message.data[1]));
      });

      it.each(["by name, before /config is known", "by fn_index, as edits"])(
        "that leave an output out leave its value as it was, %s",
        async (way) => {
          const client = connectSpace(app.url);
          if (way.startsWith("by fn_index")) await client.endpoints();
          const messages = await collect(client.submit("leave_out", ["three"]));
          expect(messages.flatMap((message) => (message.type === "generating" ? [message.data] : []))).toEqual([
            ["One", undefined],
            ["One two", undefined],
            ["One two", 2],
            ["One two three", 2],
            ["One two three", 2],
          ]);
          expect(messages.at(-1)).toEqual({ type: "completed", data: ["One two three", 2] });
          await client.close();
          const provider = chatProvider({ space: app.url }, { endpoint: "leave_out", fnIndex: undefined });
          expect(shownText(await collect(ask(provider)))).toBe("One two Hi");
          await provider.close?.();
        },
      );

      it("of a list that shrinks end right, whatever the edits on the way decode to", async () => {
        await space.endpoints();
        const last = (await collect(space.submit("shrink", []))).at(-1);
        expect(JSON.stringify(last)).toContain('"final"');
        expect(JSON.stringify(last)).not.toContain('"three"');
      });

      it("of a plain function come once; of one without a queue at once; of an empty generator as nothing", async () => {
        await space.endpoints();
        expect(await space.predict("plain", [TEXT, 0, randomUUID()])).toEqual([TEXT]);
        expect(await space.predict("unqueued", [TEXT])).toEqual([TEXT]);
        expect(await space.predict("nothing", [])).toEqual([null]);
      });

      it("of an endpoint without a queue come also when it is called by name only", async () => {
        const client = connectSpace(app.url);
        expect(await client.predict("unqueued", [TEXT])).toEqual([TEXT]);
        await client.close();
      });

      it("do not mix: 20 calls at once each get their own", async () => {
        await space.endpoints();
        const texts = Array.from({ length: 20 }, (_, index) => `${index}: ${WORDS}`);
        expect(await Promise.all(texts.map((text) => space.predict("chat", [text])))).toEqual(
          texts.map((text) => [text]),
        );
      });

      it("come with the queue's position, the log and the progress", async () => {
        const messages = await collect(space.submit("logs", []));
        expect(messages.map(({ type }) => type)).toEqual(
          expect.arrayContaining(["queue", "started", "log", "progress", "generating", "completed"]),
        );
        const told = messages.flatMap((message) =>
          message.type === "log" ? [`${message.level}: ${message.message}`] : [],
        );
        expect(told).toEqual(["info: for your information", "warning: a warning"]);
        expect(messages).toContainEqual({ type: "progress", message: "whole", fraction: 1, bars: [expect.anything()] });
        expect(messages.at(-1)).toEqual({ type: "completed", data: ["done"] });
      });

      it("begin new with every call: a session's state is not shared", async () => {
        await space.endpoints();
        for (let call = 0; call < 2; call += 1) expect((await space.predict("echo_state", ["a", null]))[0]).toBe("a");
      });
    });

    describe("files", () => {
      it("arrive byte for byte, under a name of any kind", async () => {
        await space.endpoints();
        const bytes = Uint8Array.from({ length: 100_000 }, (_, index) => index % 256);
        const file = await space.upload(new File([bytes], "bericht ü.bin"));
        const [text] = await space.predict("file_size", [file]);
        expect(JSON.parse(String(text))).toMatchObject({ size: 100_000, name: expect.stringMatching(/\.bin$/) });
      });

      it("that are pictures are pictures there", async () => {
        const png = Buffer.from(
          "iVBORw0KGgoAAAANSUhEUgAAAAIAAAADCAIAAAA2iEnWAAAAEElEQVR4nGP4z8AARAwoFABE0AX7pM/egAAAAABJRU5ErkJggg==",
          "base64",
        );
        const file = await space.upload(new Blob([png], { type: "image/png" }), { filename: "a.png" });
        const [text] = await space.predict("image_size", [file]);
        expect(JSON.parse(String(text))).toEqual({ width: 2, height: 3 });
      });
    });

    describe("failures", () => {
      it.each([0, 3])("gr.Error after %i words is thrown with its text, after what was said", async (count) => {
        await space.endpoints();
        const seen: SpaceMessage[] = [];
        const error = await rejection(
          (async () => {
            for await (const message of space.submit("fail", [count])) seen.push(message);
          })(),
        );
        expect(error).toMatchObject({ code: "space_error", message: "The model gave up…", hidden: false });
        expect(textsOf(seen)).toHaveLength(count);
      });

      it("an exception that Gradio hides is a hidden space_error", async () => {
        expect(await rejection(space.predict("crash", [2]))).toMatchObject({ code: "space_error", hidden: true });
      });

      it.each(["cold", "warm"])(
        "an endpoint that is not there is invalid_request and names those there are: %s",
        async (state) => {
          const client = connectSpace(app.url);
          if (state === "warm") await client.endpoints();
          expect(await rejection(client.predict("no_such_thing", []))).toMatchObject({
            code: "invalid_request",
            message: expect.stringContaining("/chat"),
          });
          await client.close();
        },
      );

      it("an fn_index that is not there shows nothing of the server's files", async () => {
        const error = await rejection(connectSpace(app.url).predict(9999, []));
        expect(error).toMatchObject({ name: "QwenError" });
        expect((error as Error).message).not.toMatch(/\.py|Traceback/);
      });
    });

    describe("leaving", () => {
      const job = () => `job-${randomUUID()}`;

      /** A transport that aborts once the server has been sent a request to a path. */
      function abortingAt(path: string, controller: AbortController): Transport {
        const transport = createTransport({ proxy: false });
        return {
          request(request: TransportRequest) {
            const matches = request.url.pathname.includes(path);
            const onStart = (): void => {
              request.onStart?.();
              // The request is written in this turn: abort in the next.
              if (matches) setImmediate(() => controller.abort(new Error("mine")));
            };
            return transport.request({ ...request, onStart });
          },
          close: () => transport.close(),
        };
      }

      it.each([
        ["before the join is answered, config unknown", "call/", false],
        ["before the join is answered, config known", "queue/join", true],
        ["before the stream is open, config unknown", "queue/data", false],
        ["before the stream is open, config known", "queue/data", true],
      ] as const)("%s stops the job", async (_, path, known) => {
        const name = job();
        const controller = new AbortController();
        const client = connectSpace(app.url, { transport: abortingAt(path, controller) });
        if (known) await client.endpoints();
        const error = await rejection(client.predict("steps", [STEPS, STEP_MS, name], { signal: controller.signal }));
        expect(error).toEqual(new Error("mine"));
        await client.close();
        const stats = await finalStats(name);
        expect(stats.steps).toBeLessThan(STEPS / 2);
        expect(stats.finished).toBe(0);
      });

      it.each([
        ["before the first text", "started", true],
        ["before the first text, config unknown", "started", false],
        ["in mid-answer", "generating", true],
        ["in mid-answer, config unknown", "generating", false],
      ] as const)("%s stops the job", async (_, until, known) => {
        const name = job();
        const client = connectSpace(app.url);
        if (known) await client.endpoints();
        for await (const message of client.submit("steps", [STEPS, STEP_MS, name])) if (message.type === until) break;
        await client.close();
        const stats = await finalStats(name);
        expect(stats.started).toBe(1);
        expect(stats.steps).toBeLessThan(STEPS / 2);
        expect(stats.finished).toBe(0);
      });

      it.each([true, false])("the queue means that the job never runs, config known: %s", async (known) => {
        const [first, second] = [job(), job()];
        const client = connectSpace(app.url);
        if (known) await client.endpoints();
        const running = client.submit("one_at_a_time", [STEPS, STEP_MS, first]);
        while ((await running.next()).value?.type !== "generating");
        for await (const message of client.submit("one_at_a_time", [STEPS, STEP_MS, second])) {
          expect(message.type).toBe("queue");
          break;
        }
        await sleep(5 * STEP_MS);
        await running.return?.();
        await client.close();
        expect(await finalStats(first)).toMatchObject({ started: 1, finished: 0 });
        expect(await finalStats(second)).toMatchObject({ started: 0, steps: 0 });
      });

      it("one call lets another of the same endpoint go on", async () => {
        const [left, whole] = [job(), job()];
        await space.endpoints();
        const answer = space.predict("steps", [10, STEP_MS, whole]);
        for await (const message of space.submit("steps", [STEPS, STEP_MS, left]))
          if (message.type === "generating") break;
        expect(await answer).toEqual(["1 2 3 4 5 6 7 8 9 10"]);
        expect(await finalStats(whole)).toMatchObject({ steps: 10, finished: 1 });
        expect((await finalStats(left)).finished).toBe(0);
      });

      it("ends a stalled `next()` at once", async () => {
        const iterator = space.submit("plain", ["x", 2000, job()]);
        while ((await iterator.next()).value?.type !== "started");
        const next = iterator.next();
        expect(await settles(iterator.return?.())).toBe(true);
        expect(await settles(next)).toBe(true);
        expect(await next).toEqual({ done: true, value: undefined });
      });
    });
  });
}
