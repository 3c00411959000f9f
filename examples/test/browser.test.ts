import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { launchChromium } from "../../test/platforms/chromium.ts";

const folder = join(import.meta.dirname, "../browser");

describe("examples/browser", () => {
  const serving = spawn(process.execPath, ["--conditions=@qwen/source", join(folder, "serve.ts")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exit = once(serving, "exit");
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    const [address] = (await once(serving.stdout, "data")) as [Buffer];
    browser = await launchChromium();
    page = await browser.newPage({ viewport: { width: 720, height: 420 } });
    await page.goto(address.toString().trim());
  });
  afterAll(async () => {
    await browser.close();
    serving.kill();
    await exit;
  });

  test("chats with a Space: streams an answer, stops one, and goes on", async () => {
    const status = page.locator("#status");
    const lines = page.locator("#chat p");
    await page.fill("input", "Why is the sky blue?");
    await page.click("button[name=ask]");
    await expect.poll(() => lines.last().textContent()).toMatch(/^Sunlight is scattered/);
    await expect.poll(() => status.textContent()).toBe("Answered by chat");
    expect(await lines.last().textContent()).toMatch(/and blue light most of all\.$/);

    await page.fill("input", "And at night?");
    await page.press("input", "Enter");
    await expect.poll(() => lines.last().textContent()).toMatch(/^Sunlight/);
    // The README shows it: `SCREENSHOT=1` takes the picture anew.
    if (process.env["SCREENSHOT"] === "1") await page.screenshot({ path: join(folder, "screenshot.png") });
    await page.click("button[name=stop]");
    await expect.poll(() => status.textContent()).toBe("Stopped");
    expect(await lines.count()).toBe(4);
    expect(await lines.last().textContent()).not.toContain("all.");
  });
});
