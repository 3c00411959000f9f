import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { createRouter } from "@qwen/core";
import { createVenv } from "@qwen/local-spaces";
import { openaiCompatible } from "@qwen/openai-compatible";
import { createOpenAIEmulator, type OpenAIEmulator } from "@qwen/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { createGateway, createKey } from "../../src/index.ts";
import { serveGateway, type ServedGateway } from "../../src/node/index.ts";
import { type CutKind, type CuttingProxy, startCuttingProxy } from "./cutting-proxy.ts";
import type { Told } from "./told.ts";

const run = promisify(execFile);
const here = dirname(fileURLToPath(import.meta.url));
const picture =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

let server: OpenAIEmulator;
let served: ServedGateway;
let apiKey: string;
let proxy: CuttingProxy;

beforeAll(async () => {
  const models = {
    ok: { steps: ["Hello", " there"], delayMs: 5 },
    calls: [{ toolCall: "look_up", arguments: ['{"city":', '"Oslo"}'] }],
    json: '{"city":"Oslo"}',
    sees: ({ body }: { readonly body: unknown }) =>
      JSON.stringify(body).includes("data:image/png") ? "I see" : "Nothing",
    limited: "never",
    cut: { steps: ["Hello", " there", " you"] },
    slow: { steps: Array.from({ length: 2000 }, () => "word "), delayMs: 5 },
  };
  server = await createOpenAIEmulator({ models });
  // Clients are told not to try again by themselves.
  server.fault({ name: "quota", model: "limited" });
  server.fault({ name: "eof", model: "cut", after: 2 });
  const capabilities = { tools: true, json: true, images: true };
  const [first = "", ...others] = Object.keys(models);
  const up = openaiCompatible({ id: "up", baseURL: server.url, models: [first, ...others], capabilities });
  const { key, record } = await createKey();
  apiKey = key;
  const gateway = createGateway({ router: createRouter({ plugins: [up] }), keys: [record] });
  served = await serveGateway(gateway, { port: 0, signals: [] });
  proxy = await startCuttingProxy(served.url);
});

afterAll(async () => {
  await proxy.close();
  await served.close({ drainMs: 0 });
  await server.close();
});

/** What a client must have told, case by case; it raises an error for a cut answer, however much of it came. */
function expectAll(
  told: Readonly<Record<string, Told>>,
  { without = [] }: { readonly without?: readonly string[] } = {},
): void {
  const expected: Readonly<Record<string, object>> = {
    list: { text: "ok calls json sees limited cut slow" },
    ask: { text: "Hello there" },
    stream: { text: "Hello there", pieces: 2 },
    tools: { text: expect.stringMatching(/^look_up \{"city": ?"Oslo"\}$/) },
    structured: { text: expect.stringMatching(/^\{"city": ?"Oslo"\}$/) },
    image: { text: "I see" },
    before: { error: expect.stringMatching(/429|quota/i) },
    cut: { error: expect.stringContaining("") },
    abort: { error: expect.stringContaining("") },
  };
  for (const [name, value] of Object.entries(expected)) {
    if (without.includes(name)) continue;
    expect.soft(told[name], name).toMatchObject(value);
  }
}

async function playedByNode(name: string, ...urls: readonly string[]): Promise<Record<string, Told>> {
  const args = ["--conditions=@qwen/source", join(here, "node-client.ts"), name, apiKey, ...urls];
  return JSON.parse((await run(process.execPath, args)).stdout) as Record<string, Told>;
}

/** Behind each event of the longest answer there is. */
function cutAddresses(kind: CutKind): readonly string[] {
  return Array.from({ length: 9 }, (_, index) => proxy.cutting(kind, index + 1));
}

/** What passed for the whole answer and was none. */
function wronglyWhole(told: Readonly<Record<string, Told>>, kind: CutKind): readonly string[] {
  return Object.entries(told)
    .filter(([url]) => url.includes(`/${kind}/`))
    .filter(([, { text, reason = "stop" }]) => text !== undefined && text !== "Hello there" && reason === "stop")
    .map(([url, { text }]) => `${url.slice(url.indexOf(kind))}: ${text}`);
}

/** The job of who leaves goes as well. */
async function expectLeft(): Promise<void> {
  const states = (): readonly string[] =>
    server.calls.filter(({ model }) => model === "slow").map(({ state }) => state);
  await expect.poll(states).toStrictEqual(["cancelled"]);
  server.forget();
}

describe("clients as their users have them, against a gateway with keys", () => {
  test.each([
    "openai",
    "openai, responses",
    "@ai-sdk/openai",
    "@ai-sdk/openai, responses",
    "@ai-sdk/openai-compatible",
    "@langchain/openai",
  ])("%s", async (name) => {
    expectAll(await playedByNode(name, served.url), { without: name === "openai" ? [] : ["list"] });
    await expectLeft();
  });

  // Where something on the way says that it was all, most take what they have for it: they look for no last event.
  test.each([
    ["openai", "raises"],
    ["openai, raw", "takes"],
    ["openai, responses", "takes"],
    ["@ai-sdk/openai", "gives no reason where it takes"],
    ["@ai-sdk/openai, responses", "gives no reason where it takes"],
    ["@ai-sdk/openai-compatible", "raises"],
    ["@langchain/openai", "takes"],
  ])("%s raises what breaks on its way, behind any event, and %s what is ended there", async (name, ended) => {
    const told = await playedByNode(name, ...cutAddresses("broken"), ...cutAddresses("ended"));
    expect(wronglyWhole(told, "broken")).toStrictEqual([]);
    expect(wronglyWhole(told, "ended").length > 0).toBe(ended === "takes");
  });

  test("openai for Python raises what breaks on its way, behind any event, and gives no reason where it takes what is ended there", async () => {
    const python = await createVenv(join(here, "requirements.txt"));
    const addresses = [...cutAddresses("broken"), ...cutAddresses("ended")];
    const { stdout } = await run(python, [join(here, "python_client.py"), apiKey, picture, ...addresses]);
    const told = JSON.parse(stdout) as Record<string, Told>;
    expect(wronglyWhole(told, "broken")).toStrictEqual([]);
    expect(wronglyWhole(told, "ended")).toStrictEqual([]);
  });

  test("openai for Python", async () => {
    const python = await createVenv(join(here, "requirements.txt"));
    const { stdout } = await run(python, [join(here, "python_client.py"), apiKey, picture, served.url]);
    const told = JSON.parse(stdout) as Record<string, Told>;
    expectAll(told);
    expect.soft(told["responses"]).toMatchObject({ text: "Hello there" });
    expect.soft(told["responses, before"]).toMatchObject({ error: expect.stringContaining("429") });
    expect.soft(told["responses, cut"]).toMatchObject({ error: expect.stringContaining("APIError") });
    await expectLeft();
  });

  test("llm, by its command", async () => {
    const python = await createVenv(join(here, "requirements.txt"));
    const home = await mkdtemp(join(tmpdir(), "llm-"));
    const env = { ...process.env, LLM_USER_PATH: home, OPENAI_API_KEY: apiKey, LLM_OPENAI_KEY: apiKey };
    const llm = (...given: readonly string[]): Promise<{ readonly stdout: string }> => {
      const args = ["openai", "endpoint", `${served.url}/v1`, "--key", apiKey, ...given];
      const asked = run(join(dirname(python), "llm"), args, { env });
      // It would wait for a prompt there.
      asked.child.stdin?.end();
      return asked;
    };
    expect((await llm("--models")).stdout).toContain("calls");
    expect((await llm("-m", "ok", "Hi")).stdout.trim()).toBe("Hello there");
    expect((await llm("-m", "ok", "--no-stream", "Hi")).stdout.trim()).toBe("Hello there");
    expect((await llm("--responses", "-m", "ok", "Hi")).stdout.trim()).toBe("Hello there");
    await expect(llm("--responses", "-m", "cut", "Hi")).rejects.toMatchObject({ code: 1 });
    await expect(llm("--responses", "-m", "limited", "Hi")).rejects.toMatchObject({ code: 1 });
    await expect(llm("-m", "cut", "Hi")).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining("Error") });
    await expect(llm("-m", "limited", "Hi")).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining("Error"),
    });
    await rm(home, { recursive: true });
  }, 180_000);
});
