import { expect, onTestFinished, test } from "vitest";

import { Child } from "../bench/child.ts";
import { stalledReaders } from "../bench/measures.ts";

const ALL = process.env["TEST_ALL"] === "1";
// In a first round, and among few, it counts what a process needs for itself. Buffers of sockets swallow 8 MB before anybody has to wait.
const [READERS, ROUNDS, MOST_KIB, LIMIT_MS] = ALL ? [200, 2, 256, 300_000] : [4, 1, 2048, 60_000];

test(
  "a reader of 10 MB who stalls costs what waits for it, and nothing of what has passed",
  async () => {
    const upstream = await Child.start("./upstream-process.ts");
    onTestFinished(() => upstream.stop());
    const gateway = await Child.start("./gateway-process.ts", await upstream.ask<string>("url"));
    onTestFinished(() => gateway.stop());
    const { held, said } = await stalledReaders(
      { gateway, upstream },
      { url: await gateway.ask("url") },
      { readers: READERS, rounds: ROUNDS },
    );
    expect(said).toBeLessThan(10_000_000);
    expect(held / 1024).toBeLessThan(MOST_KIB);
  },
  LIMIT_MS,
);
