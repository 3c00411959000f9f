import { createRouter, type Router } from "@qwen/core";
import { space } from "@qwen/space";
import { createSpaceEmulator } from "@qwen/testing";
import { expect, onTestFinished, test } from "vitest";

import { shareOf } from "../../../test/share.ts";
import { createGateway } from "../src/index.ts";
import { serveGateway } from "../src/node/index.ts";
import { seeded } from "./seeded.ts";

const AT_ONCE = 8;
/** What an answer may take beyond its deadline, in ms. */
const GRACE_MS = 50;

const random = seeded(15);
/** A deadline, and when the model says something first: one in three times too late for all of them. */
const CALLS = Array.from({ length: 1000 }, (_, index) => ({
  limitMs: 1 + Math.floor(random() * 150),
  stream: index % 2 === 0,
  model: ["quick", "late", "silent"][index % 3] ?? "",
}));
type Call = (typeof CALLS)[number];

const words = Array.from({ length: 500 }, () => "word ");
const MODELS = {
  quick: { steps: words, delayMs: 5 },
  late: { steps: words, delayMs: 5, firstDelayMs: 60 },
  silent: { steps: ["late"], firstDelayMs: 60_000 },
} as const;

test("every request is over by its deadline, with a 504 where nothing was sent before", async () => {
  const { url, jobsLeft } = await stage();
  const late: Call[] = [];
  const wrong: string[] = [];
  const check = async (call: Call): Promise<boolean> => {
    const { overMs, problem } = await play(url, call);
    if (problem !== undefined) wrong.push(`${JSON.stringify(call)}: ${problem}`);
    return overMs <= GRACE_MS;
  };
  const calls = shareOf(CALLS, 0.03).values();
  const playSome = async (): Promise<void> => {
    for (const call of calls) if (!(await check(call))) late.push(call);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, playSome));
  // A busy machine makes anything late: once more, alone.
  for (const call of late)
    if (!(await check(call)) && !(await check(call))) wrong.push(`${JSON.stringify(call)}: late`);
  expect(wrong).toStrictEqual([]);
  await expect.poll(jobsLeft).toBe(0);
}, 120_000);

/** How much later than its deadline it was over, or than a timer of the same length, and what else is wrong with it. */
async function play(
  url: string,
  { model, stream, limitMs }: Call,
): Promise<{ readonly overMs: number; readonly problem: string | undefined }> {
  const startedAt = performance.now();
  const passed = Promise.withResolvers<number>();
  setTimeout(() => passed.resolve(performance.now() - startedAt), limitMs);
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-qwen-timeout-ms": String(limitMs) },
    body: JSON.stringify({ model, stream, messages: [{ role: "user", content: "Hi" }] }),
  });
  const text = await response.text();
  const tookMs = performance.now() - startedAt;
  const { status } = response;
  const isTold =
    text.includes('"timeout_total"') && !text.includes("[DONE]") && (status === 504) !== text.startsWith("data:");
  const problem =
    isTold && status === (text.startsWith("data:") ? 200 : 504) ? undefined : `${status} ${text.slice(-200)}`;
  return { overMs: tookMs - (await passed.promise), problem };
}

async function stage(): Promise<{ readonly url: string; jobsLeft(): number }> {
  const spaces = await Promise.all(
    Object.entries(MODELS).map(async ([id, answer]) => ({
      id,
      emulator: await createSpaceEmulator({ shape: "chat", version: "6.31.0", answer }),
    })),
  );
  const plugins = spaces.map(({ id, emulator }) => space(emulator.url, { id }));
  const routes = Object.fromEntries(plugins.map(({ id, models: [model] }) => [id, `${id}/${model.id}`]));
  const router: Router = createRouter({ plugins, routes, breaker: false }) as Router;
  const served = await serveGateway(createGateway({ router }), { port: 0, signals: [] });
  onTestFinished(async () => {
    await served.close({ drainMs: 0 });
    await router.close();
    for (const { emulator } of spaces) await emulator.close();
  });
  const isOpen = (state: string): boolean => state === "queued" || state === "running";
  return {
    url: served.url,
    jobsLeft: () => spaces.flatMap(({ emulator }) => emulator.jobs).filter(({ state }) => isOpen(state)).length,
  };
}
