import { expect, test } from "vitest";

import { measureRealApps } from "../src/measure/real-apps.ts";
import { NODE_CLIENTS } from "../src/task.ts";
import { createOnePass } from "./one-pass.ts";

test("every client answers, and is measured, on a real app of Gradio 6.31", { timeout: 120_000 }, async () => {
  const { bench, problems } = createOnePass(NODE_CLIENTS);
  const rows = await measureRealApps(bench, { versions: ["6.31"] });
  expect(rows).toHaveLength(5);
  expect(problems(rows)).toEqual([]);
});
