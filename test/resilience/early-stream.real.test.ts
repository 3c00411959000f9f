import { createRouter } from "@qwen/core";
import { type GradioVersion, type ServerProcess, startProtocolApp } from "@qwen/local-spaces";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { startClosingFront } from "./closing-front.ts";
import { stepsProvider } from "./steps-provider.ts";
import { watchTransport } from "./watched-transport.ts";

const VERSIONS = [
  { version: "4.44", prefix: "" },
  { version: "5.50", prefix: "/gradio_api" },
  { version: "6.31", prefix: "/gradio_api" },
] as const satisfies readonly { readonly version: GradioVersion; readonly prefix: string }[];

const TEXT = "1 2 3";

describe.each(VERSIONS)("early streams on Gradio $version", ({ version, prefix }) => {
  let app: ServerProcess;
  beforeAll(async () => {
    app = await startProtocolApp(version);
  });
  afterAll(() => app.stop());

  function start(options: { readonly lanes?: boolean } = {}) {
    const watched = watchTransport(options);
    const { transport } = watched;
    const router = createRouter({
      plugins: [stepsProvider({ space: app.url, endpoint: "steps", prefix, transport, earlyStream: true })],
    });
    const ask = async (call: number): Promise<string> => {
      const messages = [{ role: "user", content: `3 5 early-${version}-${call}` }] as const;
      return (await router.complete({ model: "counter", messages, retry: { maxAttempts: 1 } })).text;
    };
    const close = async (): Promise<void> => {
      await router.close();
      await transport.close();
    };
    return { ...watched, ask, close };
  }

  test("one after the other and many at once, every call has its whole answer, all but a client's first by two requests", async () => {
    const { ask, sent, close } = start();
    expect(await ask(0)).toBe(TEXT);
    // Whether connections stay open is not known yet: its two requests go over two, and come in any order.
    const again = sent("data") - 1;
    expect(again).toBeLessThanOrEqual(1);
    process.stdout.write(`Gradio ${version}: the first stream ${again === 0 ? "came behind" : "overtook"} its join\n`);
    for (let call = 1; call < 30; call += 1) expect(await ask(call)).toBe(TEXT);
    const many = await Promise.all(Array.from({ length: 30 }, (_, call) => ask(30 + call)));
    expect(many).toEqual(many.map(() => TEXT));
    expect(sent("join")).toBe(60);
    expect(sent("data")).toBe(60 + again);
    await close();
  });

  test("over two connections, which come in any order, no call loses any of its answer", async () => {
    const { ask, sent, close } = start({ lanes: false });
    for (let call = 0; call < 30; call += 1) expect(await ask(call)).toBe(TEXT);
    const many = await Promise.all(Array.from({ length: 30 }, (_, call) => ask(call)));
    expect(many).toEqual(many.map(() => TEXT));
    expect(sent("join")).toBe(60);
    process.stdout.write(`Gradio ${version}: ${sent("data") - 60} of 60 streams overtook their join\n`);
    await close();
  });

  test("behind a front that closes each connection and keeps abandoned readers alive, answers are the same", async () => {
    await using front = await startClosingFront(app.url);
    const create = () => stepsProvider({ space: front.url, endpoint: "steps", prefix, earlyStream: true });
    const ask = async (call: number, provider = create()): Promise<string> => {
      await using router = createRouter({ plugins: [provider], retry: { maxAttempts: 1 } });
      const messages = [{ role: "user", content: `3 5 front-${version}-${call}` }] as const;
      return (await router.complete({ model: "counter", messages })).text;
    };
    for (let call = 0; call < 10; call += 1) expect(await ask(call)).toBe(TEXT);
    const shared = create();
    expect(await Promise.all(Array.from({ length: 10 }, (_, call) => ask(10 + call, shared)))).toEqual(
      Array(10).fill(TEXT),
    );
  });
});
