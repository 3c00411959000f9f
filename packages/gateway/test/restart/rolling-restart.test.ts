import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, it, vi } from "vitest";

import { createBalancer, type Balancer } from "./balancer.ts";

const program = fileURLToPath(new URL("process.ts", import.meta.url));
const WHOLE = Array.from({ length: 20 }, (_, index) => `word${index} `).join("");
const STREAMS = process.env["TEST_ALL"] === "1" ? 200 : 60;

interface Started {
  readonly child: ChildProcess;
  readonly port: number;
}

async function start(balancer: Balancer): Promise<Started> {
  const child = fork(program, [`${balancer.port}`], {
    execArgv: ["--conditions=@qwen/source"],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [port] = (await once(child, "message")) as [number];
  balancer.add(port);
  await vi.waitFor(async () => expect((await fetch(`http://127.0.0.1:${port}/readyz`)).ok).toBe(true), {
    timeout: 10_000,
  });
  await new Promise((resolve) => void setTimeout(resolve, 60));
  return { child, port };
}

/** How a stream ended: with its whole text, with an error that was told, or cut. */
async function ask(port: number): Promise<string> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "scripted-model", messages: [{ role: "user", content: "Hi" }], stream: true }),
    });
    if (answer.status !== 200) return `status ${answer.status}`;
    const text = await answer.text();
    const said = [...text.matchAll(/"content":"([^"]*)"/g)].map(([, words]) => words).join("");
    if (text.includes('"error"')) return "error";
    return text.endsWith("data: [DONE]\n\n") && said === WHOLE ? "whole" : `cut after ${said.length}`;
  } catch (error) {
    return `failed: ${(error as Error & { cause?: Error }).cause?.message ?? String(error)}`;
  }
}

async function end({ child }: Started, signal: NodeJS.Signals): Promise<void> {
  const ended = once(child, "exit");
  child.kill(signal);
  await ended;
}

it("two processes are restarted in turn under streams: none fails, and none is cut", async () => {
  const balancer = await createBalancer();
  onTestFinished(() => balancer.close());
  const first = [await start(balancer), await start(balancer)];
  const asked: Promise<string>[] = [];
  // 20 ms between streams, over the time that both restarts take.
  const asking = (async () => {
    while (asked.length < STREAMS) {
      asked.push(ask(balancer.port));
      await new Promise((resolve) => void setTimeout(resolve, 5000 / STREAMS));
    }
  })();
  for (const old of first) {
    const [fresh] = await Promise.all([start(balancer), new Promise((resolve) => void setTimeout(resolve, 200))]);
    expect(fresh.port).not.toBe(old.port);
    await end(old, "SIGTERM");
    expect([old.child.exitCode, old.child.signalCode]).toEqual([null, "SIGTERM"]);
    balancer.remove(old.port);
  }
  await asking;
  const outcomes = await Promise.all(asked);
  expect(outcomes.filter((outcome) => outcome !== "whole")).toEqual([]);
  expect(outcomes).toHaveLength(STREAMS);
});

it("a process that is killed takes its own streams with it and no others, and each is seen to be broken", async () => {
  const balancer = await createBalancer();
  onTestFinished(() => balancer.close());
  const [doomed] = [await start(balancer), await start(balancer)];
  const asked = Array.from({ length: 20 }, () => ask(balancer.port));
  await new Promise((resolve) => void setTimeout(resolve, 500));
  await end(doomed, "SIGKILL");
  const outcomes = await Promise.all(asked);
  const whole = outcomes.filter((outcome) => outcome === "whole");
  expect(whole).toHaveLength(10);
  expect(outcomes.every((outcome) => outcome === "whole" || outcome.startsWith("failed"))).toBe(true);
});
