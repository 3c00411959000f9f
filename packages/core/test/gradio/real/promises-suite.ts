import { fileURLToPath } from "node:url";
import { startSpace, type GradioVersion } from "@qwen/local-spaces";
import { afterAll, beforeAll, describe, it } from "vitest";
import { shareOf } from "../../../../../test/share.ts";
import { connectSpace, type Space } from "../../../src/gradio/space.ts";
import { PROMISES } from "./promises.ts";

const folder = new URL("../../apps/promises/", import.meta.url);

/** Holds the client to what users of other clients rely on, on Gradio's own server of one version; prints the table. */
export function testPromises(version: GradioVersion, share: number): void {
  describe(`what users of Gradio's clients rely on, on Gradio ${version}`, () => {
    const requirements = fileURLToPath(new URL(`../../apps/protocol/requirements-${version}.txt`, import.meta.url));
    const major = Number(version[0]);
    const promises = shareOf(
      PROMISES.filter(([, , since = 4]) => major >= since),
      share,
    );
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
      process.stdout.write(
        `\n${lines.join("\n")}\n${promises.length} promises on Gradio ${version}, ${kept.size} kept\n\n`,
      );
    });

    it.each(promises.map(([promise, keep]) => [promise, keep] as const))("%s", async (promise, keep) => {
      await keep({ space, url: app.url });
      kept.add(promise);
    });
  });
}
