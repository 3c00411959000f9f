import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { answerTo, startChats, type Chats } from "../../packages/space/test/chats.ts";
import { root } from "../packages/public-packages.ts";
import { bundled } from "./bundle.ts";
import { launchChromium } from "./chromium.ts";
import { openPage, type RunningPage } from "./page.ts";
import type { Answered, Asked } from "./programs/page.ts";

// Starting three of them takes half a minute: of the emulator the same is asked each time.
const isOn = process.env["TEST_ALL"] === "1";

describe.runIf(isOn).each(["4.44", "5.50", "6.31"] as const)("a page in Chromium, and Gradio %s", (version) => {
  let chats: Chats;
  let browser: Browser;
  let page: RunningPage;
  beforeAll(async () => {
    [chats, browser] = await Promise.all([startChats(version), launchChromium()]);
    const program = new URL("programs/page.ts", import.meta.url);
    page = await openPage(browser, await bundled(program, "browser", { from: root, source: true }));
  });
  afterAll(() => Promise.all([chats.server.stop(), browser.close().then(() => page[Symbol.asyncDispose]())]));

  const ask = async (asked: Omit<Asked, "plugin" | "space">, app = "plain"): Promise<Answered> =>
    (await page.call("ask", { plugin: "space", space: chats.url(app), ...asked })) as Answered;

  test("has an answer of another origin, piece by piece, over fetch", async () => {
    const question = "What is 2 + 2?";
    const { pieces, fetched, error } = await ask({ question });
    expect(error).toBeUndefined();
    expect(pieces.join("")).toBe(answerTo({ message: question, history: [] }));
    expect(fetched.filter((request) => !request.startsWith("GET"))).toEqual([
      expect.stringMatching(/^POST .*\/queue\/join include$/),
    ]);
  });

  test("logs in with the browser's own cookies", async () => {
    const asked = { question: "Who am I?", auth: { username: "ada", password: "secret" } };
    const { pieces, error } = await ask(asked, "behind-login");
    expect(error).toBeUndefined();
    expect(pieces.join("")).toBe(answerTo({ message: asked.question, history: [], user: "ada" }));
  });

  test("stops what it leaves", async () => {
    const job = `page-${version}`;
    const { pieces, fetched, error } = await ask({ question: `please crawl ${job} now`, leaveAfter: 3 });
    expect(error).toBeUndefined();
    expect(pieces).toHaveLength(3);
    expect(fetched.at(-1)).toMatch(/^POST .*\/cancel include keepalive$/);
    const { steps } = await chats.running(job);
    await new Promise((resolve) => setTimeout(resolve, 300));
    // One that was under way may still end.
    expect((await chats.running(job)).steps).toBeLessThanOrEqual(steps + 1);
  });
});
