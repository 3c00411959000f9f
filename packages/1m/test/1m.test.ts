import { createSpaceEmulator } from "@qwen/testing";
import { describe, expect, test } from "vitest";

import { testOnEmulator } from "../../../test/spaces/contract.ts";
import { asked, hear, sentTo } from "../../../test/spaces/wire.ts";
import { qwen1M } from "../src/index.ts";

testOnEmulator("1m", (space) => qwen1M({ space }));

describe("what 1m sends", () => {
  test("is add_text off the queue, then agent_run on it, in one session, with what add_text gave", async () => {
    await using space = await createSpaceEmulator({ shape: "1m" });
    const provider = qwen1M({ space: space.url });
    await hear(provider, asked("Hi"));
    const common = { event_data: null, trigger_id: null, session_hash: space.jobs[0]?.sessionHash };
    const message = { id: null, elem_id: null, elem_classes: null, name: null, text: "Hi", flushing: null, avatar: "" };
    expect(sentTo(space).filter(([route]) => route !== "GET /config")).toEqual([
      ["POST /run/predict", { data: [{ files: [], text: "Hi" }, [], []], fn_index: 1, ...common }],
      ["POST /queue/join", { data: [[[{ ...message, files: [] }, null]], null, 0], fn_index: 2, ...common }],
      ["GET /queue/data", undefined],
    ]);
    expect(common.session_hash).toMatch(/^[0-9a-f]{20}$/);
    await provider.close?.();
  });

  test("is the whole chat in the prompt of a first request, and a lone question as it stands", async () => {
    await using space = await createSpaceEmulator({ shape: "1m" });
    const provider = qwen1M({ space: space.url });
    await hear(
      provider,
      asked(
        "And 3 + 3?",
        { role: "system", content: "Be brief." },
        { role: "user", content: "What is 2 + 2?" },
        { role: "assistant", content: "4" },
      ),
    );
    await hear(provider, asked("  Hi\n\n"));
    expect(space.jobs.map(({ prompt }) => prompt)).toEqual([
      "Be brief.\n\nUser: What is 2 + 2?\n\nAssistant: 4\n\nUser: And 3 + 3?",
      "  Hi\n\n",
    ]);
    await provider.close?.();
  });
});

describe("what 1m makes of an answer", () => {
  test("the placeholder is progress, and no text", async () => {
    await using space = await createSpaceEmulator({ shape: "1m" });
    const provider = qwen1M({ space: space.url });
    const { parts } = await hear(provider, asked("script:text Hello there, you."));
    expect(parts.filter(({ type }) => type !== "queue")).toEqual([
      { type: "progress", message: "Qwen is thinking..." },
      { type: "text-delta", text: "Hello " },
      { type: "text-delta", text: "there, " },
      { type: "text-delta", text: "you." },
      { type: "finish", reason: "stop", warnings: [], conversation: expect.any(String) },
    ]);
    await provider.close?.();
  });

  test("a Space that only thinks times out for want of output", async () => {
    await using space = await createSpaceEmulator({ shape: "1m", answer: [{ waitMs: 10_000 }] });
    const provider = qwen1M({ space: space.url, timeouts: { firstOutputMs: 200 } });
    await expect(hear(provider, asked("Hi"))).rejects.toMatchObject({ code: "timeout", phase: "first-output" });
    await provider.close?.();
  });

  test("the summary below it is cut off, and a summary that the model itself speaks of is not", async () => {
    const said = "A <summary> in the text\nand one more <summary>: fine.";
    await using space = await createSpaceEmulator({ shape: "1m", answer: said });
    const provider = qwen1M({ space: space.url });
    expect((await hear(provider, asked("Hi"))).text).toBe(said);
    space.answer([""]);
    expect((await hear(provider, asked("Hi"))).text).toBe("");
    await provider.close?.();
  });

  test("a stream that begins with an edit ends in the right text", async () => {
    await using space = await createSpaceEmulator({ shape: "1m", faults: ["first-edit"] });
    const provider = qwen1M({ space: space.url });
    expect((await hear(provider, asked("script:text Hello there, you."))).text).toBe("Hello there, you.");
    expect((await hear(provider, asked("script:rewrite"))).text).toBe("Hello world, again.");
    await provider.close?.();
  });
});
