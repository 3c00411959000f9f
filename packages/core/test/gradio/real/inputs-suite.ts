import { describe, expect, it } from "vitest";
import { connectSpace, type Space } from "../../../src/gradio/space.ts";
import { rejection } from "../../servers/waiting.ts";

/** Holds what a client makes of inputs to Gradio's own server, in which the protocol app runs. */
export function testInputs(running: () => { readonly url: string; readonly space: Space }): void {
  describe("inputs", () => {
    it.each([
      ["left out of a list, before anything is known", ["a"]],
      ["null in a list", ["a", null]],
      ["left out of names", { text: "a" }],
    ])("have States %s", async (_, inputs) => {
      const client = connectSpace(running().url);
      for (let call = 0; call < 2; call += 1) expect((await client.predict("echo_state", inputs))[0]).toBe("a");
      await client.close();
    });

    it("share States in a session, go by the names of their parameters, and are refused where they are none", async () => {
      const session = running().space.session();
      await session.predict("/echo_state", { text: "a" });
      expect((await session.predict("/echo_state", ["b"]))[0]).toBe("a, b");
      await session.close();
      const error = await rejection(running().space.predict("/plain", { text: "x", msec: 1 }));
      expect(error).toMatchObject({ code: "invalid_request" });
      expect((error as Error).message).toMatch(/no parameter "msec"[^]*text, ms, job/);
      expect(await rejection(connectSpace(running().url).predict("/plain", ["x"]))).toMatchObject({
        code: "invalid_request",
      });
      expect(await running().space.describe()).toContain("/plain(text, ms, job)");
    });

    it("may be files of any kind, which come out as files", async () => {
      const file = new File(["hello"], "a b.txt");
      expect(JSON.parse(String((await running().space.predict("/file_size", { path: file }))[0]))).toMatchObject({
        size: 5,
      });
      const png = new URL("../../apps/protocol/dot.png", import.meta.url);
      expect(JSON.parse(String((await running().space.predict("/image_size", [png]))[0]))).toEqual({
        width: 1,
        height: 1,
      });
    });
  });
}
