import { createRouter, QwenError } from "@qwen/core";
import { qwenMax } from "@qwen/max";
import { createSpaceEmulator, type FaultName } from "@qwen/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { Packages, Platform } from "./bundle.ts";
import { run, type Running } from "./contract.ts";
import type { Answered, Asked } from "./programs/page.ts";
import { inColumn } from "./table.ts";

const QUESTION = "script:text one two three four.";
const TIMEOUTS = { connectMs: 1500, headersMs: 1500, firstOutputMs: 2000, idleMs: 2000, queueMs: 5000 };

/** How a call ended: with all of its text, or with an error behind some of it. */
interface Ending {
  readonly text: string;
  readonly code: string;
}

/** Lets each fault strike on a platform as in Node: the same error, behind the same text. */
export function testFaults(platform: Platform, packages: Packages, faults: readonly FaultName[]): void {
  describe(`a call in ${platform}`, () => {
    inColumn(platform);
    let running: Running;
    beforeAll(async () => {
      running = await run("page", platform, packages);
    });
    afterAll(() => running[Symbol.asyncDispose]());

    test.each(faults)("ends with %s as in Node", async (name) => {
      const options = { shape: "max", faults: [{ name, ms: 300 }], heartbeatMs: 300 } as const;
      await using here = await createSpaceEmulator(options);
      await using there = await createSpaceEmulator(options);
      const asked: Asked = { plugin: "max", space: there.url, question: QUESTION, options: { timeouts: TIMEOUTS } };
      const [expected, { pieces, error }] = await Promise.all([
        endingInNode(here.url),
        running.call("ask", asked) as Promise<Answered>,
      ]);
      expect(codesOn(platform, name, expected.code)).toContain(error?.code ?? "none");
      // How much is said before it is known that the endpoint is gone is up to when that is read.
      const isPart = name === "changed-endpoint" || error?.code !== expected.code;
      expect(pieces.join("")).toEqual(isPart ? expect.stringMatching(/^(one |$)/) : expected.text);
    });
  });
}

/** They end a body right behind a message, and without its last chunk. */
const BREAKING_OFF: readonly FaultName[] = ["session-not-found", "server-stopped"];

/** A browser throws away what it has of a body that breaks off right behind it, unless that was read by then. */
function codesOn(platform: Platform, fault: FaultName, inNode: string): readonly string[] {
  const isLost = platform === "browser" && BREAKING_OFF.includes(fault);
  return isLost ? [inNode, "connection", "stream_interrupted"] : [inNode];
}

async function endingInNode(space: string): Promise<Ending> {
  const router = createRouter({ plugins: [qwenMax({ space, timeouts: TIMEOUTS })], retry: { maxAttempts: 1 } });
  const messages = [{ role: "user", content: QUESTION }] as const;
  let text = "";
  try {
    for await (const piece of router.stream({ model: "qwen-max", messages }).textStream) text += piece;
    return { text, code: "none" };
  } catch (error) {
    return { text, code: QwenError.isInstance(error) ? error.code : String(error) };
  } finally {
    await router.close();
  }
}
