import { describe, expect, test } from "vitest";

import { startModel } from "../src/model.ts";
import { startSpace } from "../src/space.ts";
import { callQueue, callRun, dataOf } from "./fixtures/queue-call.ts";

describe("the Spaces speak the wire that their providers know", () => {
  test("max: full value, edits, full value", async () => {
    await using space = await startSpace("max");
    const base = `${space.url}/gradio_api`;
    const messages = await callQueue(base, { fnIndex: 0, data: ["script:repeat", [], "sys"] });
    expect(dataOf(messages, "process_generating").slice(0, 3)).toEqual([
      ["", [["script:repeat", "ha"]], "sys"],
      [[], [["append", [0, 1], "ha"]], []],
      [[], [["append", [0, 1], " "]], []],
    ]);
    expect(dataOf(messages, "process_completed")).toEqual([["", [["script:repeat", "haha haha\n\n\n"]], "sys"]]);

    await callQueue(base, { fnIndex: 0, data: ["script:slow 3 10 mine", [], ""] });
    const [stats] = await callRun(`${base}/run/job_stats`, { data: ["mine"] });
    expect(JSON.parse(String(stats))).toEqual({ started: 1, steps: 3, finished: 1, stopped: 0, failed: 0 });
  });

  test("72b: an indented list is rewritten twice", async () => {
    await using space = await startSpace("72b");
    const messages = await callQueue(space.url, { fnIndex: 0, data: ["script:indented", [["a", "b"]], "sys"] });
    expect(dataOf(messages, "process_generating")).toEqual([
      [
        "",
        [
          ["a", "b"],
          ["script:indented", "* one"],
        ],
        "sys",
      ],
      [[], [["append", [1, 1], "\n* two"]], []],
      [[], [["replace", [1, 1], "* one\n  * two\n* three"]], []],
      [[], [["replace", [1, 1], "* one\n    * two\n  * three\nDone."]], []],
    ]);
  });

  test("1m: the conversation lives in the session, under a placeholder and a summary", async () => {
    await using space = await startSpace("1m");
    const turn = async (text: string) => {
      const [, chatbot] = await callRun(`${space.url}/run/predict`, {
        data: [{ files: [], text }, [], []],
        fn_index: 1,
        session_hash: "conversation",
      });
      return callQueue(space.url, { fnIndex: 2, data: [chatbot, null, 0], session: "conversation" });
    };
    const first = await turn("script:text Hello there.");
    expect(dataOf(first, "process_generating").slice(1, 3)).toEqual([
      [[["append", [0, 1, 0, "text"], "Qwen is thinking..."]], [], []],
      [[["replace", [0, 1, 0, "text"], "Hello \n<summary>Read the context, 1 pieces</summary>"]], [], []],
    ]);
    const second = await turn("script:history");
    expect(JSON.stringify(dataOf(second, "process_completed"))).toContain(
      JSON.stringify('[["script:text Hello there.", "Hello there."]]\n<summary>Done, 1 pieces</summary>'),
    );
    expect(await callQueue(space.url, { fnIndex: 2, data: [[], null, 0] })).toContainEqual(
      expect.objectContaining({ msg: "process_completed", success: false, output: { error: null } }),
    );
  });

  test("qvq: looks at the picture, and its edits have an empty path", async () => {
    await using space = await startSpace("qvq");
    const base = `${space.url}/gradio_api`;
    const form = new FormData();
    form.append("files", new Blob([picture]), "picture.gif");
    const upload = await fetch(`${base}/upload?upload_id=x`, { method: "POST", body: form });
    const [path] = (await upload.json()) as [string];
    const seen = await callQueue(base, { fnIndex: 0, data: [{ path }, "script:system"] });
    expect(String(dataOf(seen, "process_completed")[0])).toContain(
      "It is 1 pixels wide and 1 pixels high, mostly red (100 %).",
    );
    const messages = await callQueue(base, { fnIndex: 0, data: [null, "script:text Hello there"] });
    expect(dataOf(messages, "process_generating")).toEqual([["Hello "], [[["append", [], "there"]]]]);
  });
});

test("a real model's answer streams through a Space, piece by piece", async () => {
  await using model = await startModel();
  await using space = await startSpace("max", { modelUrl: model.url });
  const data = ["Write one sentence about the sea.", [], "You are a helpful assistant."];
  const messages = await callQueue(`${space.url}/gradio_api`, { fnIndex: 0, data });
  expect(dataOf(messages, "process_generating").length).toBeGreaterThan(5);
  expect(JSON.stringify(dataOf(messages, "process_completed"))).toMatch(/sea|ocean|water/i);
});

// One red pixel.
const picture = Buffer.from("R0lGODlhAQABAIAAANweHgAAACwAAAAAAQABAAACAkQBADs=", "base64");
