import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createSpaceEmulator, type SpaceEmulator } from "@qwen/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { bundled, type Packages, type Platform } from "./bundle.ts";
import { launchChromium } from "./chromium.ts";
import { openPage } from "./page.ts";
import type { ContractSpace } from "./programs/contract.ts";
import { inColumn } from "./table.ts";
import { startWorker } from "./workerd.ts";

type Outcome = { readonly problem?: string; readonly fetches: number };

/** A program that runs somewhere, whose exports can be called. */
export interface Running extends AsyncDisposable {
  call(name: string, ...given: readonly unknown[]): Promise<unknown>;
}

/** Runs a program on a platform. */
export async function run(program: string, platform: Platform, packages: Packages): Promise<Running> {
  const files = await bundled(new URL(`programs/${program}.ts`, import.meta.url), platform, packages);
  if (platform === "workerd") return startWorker(files);
  const browser = await launchChromium();
  const page = await openPage(browser, files);
  return {
    call: page.call,
    async [Symbol.asyncDispose]() {
      await page[Symbol.asyncDispose]();
      await browser.close();
    },
  };
}

/** Holds providers to the contract where there is no Node, against Spaces of another origin. */
export function testContract(
  platform: Platform,
  packages: Packages,
  plugins: readonly ContractSpace["plugin"][],
): void {
  describe.each(plugins)(`a provider of %s keeps the provider contract in ${platform}`, (plugin) => {
    inColumn(platform);
    let space: SpaceEmulator;
    let counts: Awaited<ReturnType<typeof startCounts>>;
    let running: Running;

    beforeAll(async () => {
      space = await createSpaceEmulator({ shape: plugin === "max" ? "max" : "chat" });
      [counts, running] = await Promise.all([startCounts(space), run("contract", platform, packages)]);
    });
    afterAll(() => Promise.all([running, counts, space].map((one) => one[Symbol.asyncDispose]())));

    test(`${plugin}: each promise of the contract, over the platform's fetch`, async () => {
      const subject: ContractSpace = { plugin, url: space.url, counts: counts.url };
      const names = (await running.call("namesOf", subject)) as readonly string[];
      expect(names.length).toBeGreaterThan(10);
      const broken: string[] = [];
      let sent = 0;
      for (const [index, name] of names.entries()) {
        const { problem, fetches } = (await running.call("check", subject, index)) as Outcome;
        if (problem !== undefined) broken.push(`${name}: ${problem}`);
        sent += fetches;
        await quiet(space);
      }
      expect(broken).toEqual([]);
      // Nothing else sends there.
      expect(sent).toBeGreaterThanOrEqual(space.requests.length);
    });
  });
}

/** Waits for what a check has left behind, such as a `/cancel`, which a browser sends when it likes. */
async function quiet({ requests }: SpaceEmulator): Promise<void> {
  for (let seen = -1; seen !== requests.length;) {
    seen = requests.length;
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
}

/** Tells a program what a Space sees, which it cannot look at. */
async function startCounts({ requests, jobs }: SpaceEmulator): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((_, response) => {
    const running = jobs.filter(({ state }) => state === "queued" || state === "running").length;
    response.writeHead(200, { "content-type": "application/json", "access-control-allow-origin": "*" });
    response.end(JSON.stringify({ requests: requests.length, running }));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
