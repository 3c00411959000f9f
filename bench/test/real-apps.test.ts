import { expect, test } from "vitest";

import { measureApp } from "../src/measure/real-apps.ts";
import { startBenchServer } from "../src/server/server.ts";
import { NODE_CLIENTS } from "../src/task.ts";
import { createOnePass } from "./one-pass.ts";

// The server of the bench in place of the app: what is measured is the same, and needs no Python.
test(
  "every client is measured to its first text, cold and warm, and to the end of an answer",
  { timeout: 120_000 },
  async () => {
    await using server = await startBenchServer("6.31");
    const { bench, problems } = createOnePass(NODE_CLIENTS);
    const rows = await measureApp(bench, server);
    expect(rows.map(({ label }) => label)).toEqual([
      "Gradio 6.31: cold, process start to first text",
      "Gradio 6.31: warm first text, p50",
      "Gradio 6.31: warm first text, p99",
      "Gradio 6.31: answer of 200 deltas, whole",
      "Gradio 6.31: CPU a delta, answer of 200",
    ]);
    expect(problems(rows)).toEqual([]);
  },
);

test("a client that fails is named and left out", { timeout: 60_000 }, async () => {
  const { bench, lines } = createOnePass(["floor-http"]);
  const rows = await measureApp(bench, { url: "http://127.0.0.1:1", version: "6.31" });
  expect(rows).toEqual([]);
  expect(lines.join()).toContain('floor-http failed at "cold"');
});
