import { startProtocolApp, type GradioVersion } from "@qwen/local-spaces";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectSpace } from "../../../src/gradio/space.ts";
import { rejection } from "../../servers/waiting.ts";

const WORDS = "one two three";
const STEP_MS = 50;
const STEPS = 40;

/** Holds the client to Gradio's own server of one version, with a login and room for one in its queue. */
export function testGuarded(version: GradioVersion): void {
  describe(`Gradio ${version} with a login and a short queue`, () => {
    const auth = { username: "ann", password: "s:cret" };
    let app: Awaited<ReturnType<typeof startProtocolApp>>;
    beforeAll(async () => {
      app = await startProtocolApp(version, { auth: `${auth.username}:${auth.password}`, maxQueueSize: 1 });
    });
    afterAll(() => app?.stop());

    it("lets in who knows the password", async () => {
      const client = connectSpace(app.url, { auth });
      expect(await client.predict("chat", [WORDS])).toEqual([WORDS]);
      expect((await client.endpoints()).map(({ name }) => name)).toContain("/chat");
      await client.close();
    });

    it("is `authentication` without a login, and with a wrong one", async () => {
      for (const options of [{}, { auth: { ...auth, password: "wrong" } }]) {
        const client = connectSpace(app.url, options);
        expect(await rejection(client.predict("chat", [WORDS]))).toMatchObject({ code: "authentication" });
        await client.close();
      }
    });

    it("refuses what its queue has no room for with `queue_full`", async () => {
      const client = connectSpace(app.url, { auth });
      await client.endpoints();
      const running = client.submit("one_at_a_time", [STEPS, STEP_MS, "running"]);
      while ((await running.next()).value?.type !== "generating");
      const waiting = client.submit("one_at_a_time", [1, 1, "waiting"]);
      expect((await waiting.next()).value).toMatchObject({ type: "queue" });
      expect(await rejection(client.predict("one_at_a_time", [1, 1, "refused"]))).toMatchObject({
        code: "queue_full",
        status: 503,
      });
      await Promise.all([running.return?.(), waiting.return?.()]);
      await client.close();
    });
  });
}
