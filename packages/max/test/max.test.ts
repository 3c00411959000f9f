import { createSpaceEmulator } from "@qwen/testing";
import { describe, expect, test } from "vitest";

import { testOnEmulator } from "../../../test/spaces/contract.ts";
import { asked, hear, sentTo } from "../../../test/spaces/wire.ts";
import { qwenMax } from "../src/index.ts";

testOnEmulator("max", (space) => qwenMax({ space }));

describe("what max sends", () => {
  test("is two requests before the first text: question, turns and system prompt, each in its own place", async () => {
    await using space = await createSpaceEmulator({ shape: "max" });
    const provider = qwenMax({ space: space.url });
    await hear(
      provider,
      asked(
        "What is 2 + 2?",
        { role: "system", content: "Be brief." },
        { role: "user", content: "Hi “you”" },
        { role: "assistant", content: "Hello\n\n👋" },
        { role: "system", content: "Be kind." },
      ),
    );
    const session = expect.stringMatching(/^[0-9a-f]{20}$/);
    const data = ["What is 2 + 2?", [["Hi “you”", "Hello\n\n👋"]], "Be brief.\n\nBe kind."];
    expect(sentTo(space)).toEqual([
      ["POST /gradio_api/queue/join", { data, event_data: null, fn_index: 0, trigger_id: null, session_hash: session }],
      ["GET /gradio_api/queue/data", undefined],
      ["GET /config", undefined],
    ]);
    const [join, stream] = space.requests;
    expect(stream?.path).toBe(`/gradio_api/queue/data?session_hash=${Reflect.get(Object(join?.body), "session_hash")}`);
    expect(stream?.connection).toBe(join?.connection);
    await provider.close?.();
  });

  test("is the Space's own system prompt where there is none, and an empty one where it is empty", async () => {
    await using space = await createSpaceEmulator({ shape: "max" });
    const provider = qwenMax({ space: space.url });
    await hear(provider, asked("Hi"));
    await hear(provider, asked("Hi", { role: "system", content: "" }));
    expect(space.jobs.map(({ data }) => data)).toEqual([
      ["Hi", [], "You are a helpful assistant."],
      ["Hi", [], ""],
    ]);
    await provider.close?.();
  });

  test("is a session of its own for each call", async () => {
    await using space = await createSpaceEmulator({ shape: "max" });
    const provider = qwenMax({ space: space.url });
    await Promise.all([hear(provider, asked("one")), hear(provider, asked("two")), hear(provider, asked("three"))]);
    expect(new Set(space.jobs.map(({ sessionHash }) => sessionHash)).size).toBe(3);
    await provider.close?.();
  });
});

test("white space alone is no output: the limit for the first output goes on", async () => {
  await using space = await createSpaceEmulator({ shape: "max", answer: ["\n ", { waitMs: 10_000 }, "Hi"] });
  const provider = qwenMax({ space: space.url, timeouts: { firstOutputMs: 200 } });
  await expect(hear(provider, asked("Hi"))).rejects.toMatchObject({ code: "timeout", phase: "first-output" });
  await provider.close?.();
});
