import { createSpaceEmulator } from "@qwen/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { bundled, type BundledFile, type Packages } from "./bundle.ts";
import { inColumn } from "./table.ts";
import { type RunningWorker, startWorker } from "./workerd.ts";

/** How a call of the program ended. */
interface Ended {
  readonly text?: string;
  readonly conversation?: string;
  readonly code?: string;
  readonly message?: string;
  readonly left?: boolean;
}

/** What a router promises that several requests of a worker share. */
export function testWorker(packages: Packages, { inFull = true }: { readonly inFull?: boolean } = {}): void {
  describe("a router in workerd, shared by its requests", () => {
    inColumn("workerd");
    let files: readonly BundledFile[];
    let worker: RunningWorker;
    beforeAll(async () => {
      files = await bundled(new URL("programs/worker.ts", import.meta.url), "workerd", packages);
      worker = await startWorker(files);
    });
    afterAll(() => worker[Symbol.asyncDispose]());

    async function ask(
      query: Readonly<Record<string, string>>,
      { of = worker, signal = null }: { readonly of?: RunningWorker; readonly signal?: AbortSignal | null } = {},
    ): Promise<Ended> {
      const response = await fetch(`${of.url}/?${new URLSearchParams(query).toString()}`, { signal });
      const lines = (await response.text()).trimEnd().split("\n");
      return JSON.parse(lines.at(-1) ?? "null");
    }

    test.each(["said", "unsaid"])(
      "answers a request whose /config another one reads that leaves before it is there, %s to its router",
      async (leaving) => {
        const faults = [{ name: "delay", route: "config", ms: 400 }] as const;
        await using space = await createSpaceEmulator({ shape: "chat", faults });
        const query = { plugin: "space", space: space.url, leaving };
        const gone = new AbortController();
        const first = ask({ ...query, question: "script:text One." }, { signal: gone.signal });
        await expect.poll(() => space.requests.length).toBe(1);
        const second = ask({ ...query, question: "script:text Two." });
        await new Promise((resolve) => setTimeout(resolve, 100));
        gone.abort();
        await expect(first).rejects.toThrow("aborted");
        expect(await second).toMatchObject({ text: "Two." });
        expect(space.requests.filter(({ route }) => route === "config")).toHaveLength(1);
      },
    );

    // At once it ends while the code for it is loaded, later while it reads.
    test.each(inFull ? [0, 150] : [0])(
      "answers a request though one that ended after %i ms has left the making of a plan undone",
      async (leavesInMs) => {
        const faults = [{ name: "delay", route: "config", on: 1, ms: 3000 }] as const;
        await using space = await createSpaceEmulator({ shape: "chat", faults: leavesInMs === 0 ? [] : faults });
        await using fresh = await startWorker(files);
        const query = { plugin: "space", space: space.url };
        const left = await ask(
          { ...query, question: "script:text One.", leavesInMs: String(leavesInMs) },
          { of: fresh },
        );
        expect(left).toEqual({ left: true });
        const asked = [1, 2, 3].map((n) => ask({ ...query, question: `script:text ${n}.` }, { of: fresh }));
        expect((await Promise.all(asked)).map(({ text }) => text)).toEqual(["1.", "2.", "3."]);
        // One more, for all who waited for the first.
        expect(space.requests.filter(({ route }) => route === "config")).toHaveLength(leavesInMs === 0 ? 1 : 2);
        expect(fresh.output()).toBe("");
      },
    );

    test.runIf(inFull)("reads a slow /config once for all who wait, as long as the first of them lives", async () => {
      const faults = [{ name: "delay", route: "config", ms: 2500 }] as const;
      await using space = await createSpaceEmulator({ shape: "chat", faults });
      const query = { plugin: "space", space: space.url };
      const asked = [1, 2, 3].map((n) => ask({ ...query, question: `script:text ${n}.` }));
      expect((await Promise.all(asked)).map(({ text }) => text)).toEqual(["1.", "2.", "3."]);
      expect(space.requests.filter(({ route }) => route === "config")).toHaveLength(1);
    });

    test("lets three requests through a limiter of one, one after the other", async () => {
      await using space = await createSpaceEmulator({ shape: "max" });
      const query = { plugin: "max", space: space.url, limit: "1" };
      const asked = ["One.", "Two.", "Three."].map((text) => ask({ ...query, question: `script:text ${text}` }));
      expect((await Promise.all(asked)).map(({ text }) => text)).toEqual(["One.", "Two.", "Three."]);
      const spans = space.jobs.map(({ startedAt = 0, endedAt = 0 }) => ({ startedAt, endedAt }));
      expect(spans).toHaveLength(3);
      for (const [index, { startedAt }] of spans.entries())
        expect(startedAt).toBeGreaterThanOrEqual(spans[index - 1]?.endedAt ?? 0);
    });

    test.runIf(inFull)("gives the place of a request whose client has gone to the next one", async () => {
      await using space = await createSpaceEmulator({ shape: "max" });
      // What it says of promises that nobody waits for any more is for another's eyes.
      await using fresh = await startWorker(files);
      const query = { plugin: "max", space: space.url, limit: "1" };
      const gone = new AbortController();
      const first = ask({ ...query, question: "script:slow 60 50 x" }, { of: fresh, signal: gone.signal });
      await expect.poll(() => space.jobs[0]?.steps ?? 0).toBeGreaterThan(2);
      const waiting = ["Two.", "Three."].map((text) =>
        ask({ ...query, question: `script:text ${text}` }, { of: fresh }),
      );
      gone.abort();
      await expect(first).rejects.toThrow("aborted");
      expect((await Promise.all(waiting)).map(({ text }) => text)).toEqual(["Two.", "Three."]);
      await space.idle();
      expect(space.jobs.map(({ state }) => state)).toEqual(["stopped", "finished", "finished"]);
    });

    test.runIf(inFull)("gives the turn in a session of a request whose client has gone to the next one", async () => {
      await using space = await createSpaceEmulator({ shape: "max" });
      await using fresh = await startWorker(files);
      const query = { session: "yes", space: space.url };
      expect(await ask({ ...query, question: "script:text One." }, { of: fresh })).toEqual({ text: "One." });
      const gone = new AbortController();
      const first = ask({ ...query, question: "script:slow 60 50 x" }, { of: fresh, signal: gone.signal });
      await expect.poll(() => space.jobs[1]?.steps ?? 0).toBeGreaterThan(2);
      const waiting = ask({ ...query, question: "script:text Two." }, { of: fresh });
      gone.abort();
      await expect(first).rejects.toThrow("aborted");
      expect(await waiting).toEqual({ text: "Two." });
      expect(await ask({ ...query, question: "script:text Three." }, { of: fresh })).toEqual({ text: "Three." });
    });

    test("stops a job by /cancel behind its request where that is held by `waitUntil(provider.close())`", async () => {
      const steps = Array.from({ length: 200 }, (_, index) => `${index} `);
      await using space = await createSpaceEmulator({ shape: "max", answer: { steps, delayMs: 20 } });
      expect(await ask({ plugin: "max", space: space.url, question: "Count.", once: "yes" })).toEqual({ left: true });
      await space.idle();
      expect(space.jobs.map(({ state }) => state)).toEqual(["stopped"]);
      await expect.poll(() => space.requests.at(-1)?.route).toBe("cancel");
    });

    test("goes on with a conversation in another request", async () => {
      await using space = await createSpaceEmulator({ shape: "1m" });
      const query = { plugin: "1m", space: space.url };
      const { conversation } = await ask({ ...query, question: "script:text One." });
      expect(await ask({ ...query, question: "script:text Two.", conversation: conversation ?? "none" })).toMatchObject(
        {
          text: "Two.",
        },
      );
    });

    test("is made at module scope, with all plugins", async () => {
      expect(await worker.call("namesAtModuleScope")).toEqual(expect.arrayContaining(["all", "owner-name", "one"]));
    });

    test("follows a redirect where that is safe, and else names where it leads to, as in Node", async () => {
      await using space = await createSpaceEmulator({ shape: "chat" });
      const query = { plugin: "space", space: space.url };
      const { host } = new URL(space.url.replace("127.0.0.1", "localhost"));
      space.fault({ name: "redirect", route: "config" });
      expect(await ask({ ...query, question: "script:text One." })).toMatchObject({ text: "One." });
      space.fault({ name: "redirect", route: "join" });
      const { code, message } = await ask({ ...query, question: "script:text Two." });
      expect({ code, message }).toEqual({ code: "protocol", message: expect.stringContaining(host) });
    });

    test("keeps the cookies of replicas and of a login, as in Node", async () => {
      await using space = await createSpaceEmulator({ shape: "max", replicas: 3, auth: { ann: "right" } });
      const query = { plugin: "max", space: space.url, auth: "yes" };
      for (const text of ["One.", "Two.", "Three."])
        expect(await ask({ ...query, question: `script:text ${text}` })).toMatchObject({ text });
    });

    test("writes nothing that went wrong", () => {
      expect(worker.output()).toBe("");
    });
  });
}
