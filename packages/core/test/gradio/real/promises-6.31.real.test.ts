import { fileURLToPath } from "node:url";
import { startSpace } from "@qwen/local-spaces";
import { afterAll, beforeAll, describe, it } from "vitest";
import { shareOf } from "../../../../../test/share.ts";
import { connectSpace, type Space } from "../../../src/gradio/space.ts";
import { PROMISES } from "./promises.ts";

const folder = new URL("../../apps/promises/", import.meta.url);
const requirements = fileURLToPath(new URL("../../apps/protocol/requirements-6.31.txt", import.meta.url));

describe("what users of Gradio's clients rely on, on Gradio 6.31", () => {
  const promises = shareOf(PROMISES, 0.4);
  const kept = new Set<string>();
  let app: Awaited<ReturnType<typeof startSpace>>;
  let space: Space;

  beforeAll(async () => {
    app = await startSpace(folder, { requirements });
    space = connectSpace(app.url);
  });
  afterAll(async () => {
    await space?.close();
    await app?.stop();
    const width = Math.max(...promises.map(([promise]) => promise.length));
    const lines = promises.map(([promise]) => `${promise.padEnd(width)}  ${kept.has(promise) ? "ok" : "WRONG"}`);
    process.stdout.write(`\n${lines.join("\n")}\n${promises.length} promises, ${kept.size} kept\n\n`);
  });

  it.each(promises)("%s", async (promise, keep) => {
    await keep({ space, url: app.url });
    kept.add(promise);
  });
});
