import { createSpaceEmulator } from "@qwen/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { bundled, type Packages } from "./bundle.ts";
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
export function testWorker(packages: Packages): void {
  describe("a router in workerd, shared by its requests", () => {
    let worker: RunningWorker;
    beforeAll(async () => {
      worker = await startWorker(await bundled(new URL("programs/worker.ts", import.meta.url), "workerd", packages));
    });
    afterAll(() => worker[Symbol.asyncDispose]());

    async function ask(query: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<Ended> {
      const response = await fetch(`${worker.url}/?${new URLSearchParams(query).toString()}`, {
        signal: signal ?? null,
      });
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
        const first = ask({ ...query, question: "script:text One." }, gone.signal);
        await expect.poll(() => space.requests.length).toBe(1);
        const second = ask({ ...query, question: "script:text Two." });
        await new Promise((resolve) => setTimeout(resolve, 100));
        gone.abort();
        await expect(first).rejects.toThrow("aborted");
        expect(await second).toMatchObject({ text: "Two." });
        expect(space.requests.filter(({ route }) => route === "config")).toHaveLength(1);
      },
    );

    test("does not wait for ever for a /config that a request went on reading which has ended", async () => {
      const faults = [{ name: "delay", route: "config", on: 1, ms: 3000 }] as const;
      await using space = await createSpaceEmulator({ shape: "chat", faults });
      const query = { plugin: "space", space: space.url };
      // Answered at once, it leaves the reading of its plan behind.
      expect(await ask({ ...query, question: "script:text One.", leaving: "early" })).toEqual({ left: true });
      expect(await ask({ ...query, question: "script:text Two." })).toMatchObject({ text: "Two." });
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

    test("keeps the cookies of replicas and of a login, and follows redirects, as in Node", async () => {
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
