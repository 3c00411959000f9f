import { setTimeout as sleep } from "node:timers/promises";

import { describe, expect, test } from "vitest";

import { createSpaceEmulator, type GradioVersion } from "../../src/index.ts";
import { call, join, kinds, lastData, listen, newSessionHash, post, targetOf } from "../gradio-calls.ts";

const VERSIONS: readonly GradioVersion[] = ["4.44.1", "5.50.0", "6.31.0"];

describe.each(VERSIONS)("Gradio %s", (version) => {
  const is4 = version === "4.44.1";
  const is6 = version === "6.31.0";

  test("tells a job in order: estimation, start, whole value, edits, whole value, close", async () => {
    await using space = await createSpaceEmulator({ shape: "max", version, answer: ["ha", "ha"] });
    const heard = await call(targetOf(space), ["P", [["a", "b"]], "sys"]);
    expect(heard).toMatchObject({ status: 200, end: "eof" });
    expect(heard.messages).toMatchObject([
      { msg: "estimation", rank: 0, queue_size: 1, rank_eta: null },
      { msg: "process_starts", eta: null },
      {
        msg: "process_generating",
        success: true,
        output: {
          data: [
            "",
            [
              ["a", "b"],
              ["P", "ha"],
            ],
            "sys",
          ],
          is_generating: true,
        },
      },
      {
        msg: "process_generating",
        success: true,
        output: { data: [[], [["append", [1, 1], "ha"]], []], is_generating: true },
      },
      {
        msg: "process_completed",
        success: true,
        output: {
          data: [
            "",
            [
              ["a", "b"],
              ["P", "haha"],
            ],
            "sys",
          ],
          is_generating: false,
        },
      },
      { msg: "close_stream", event_id: null },
    ]);
    expect(space.jobs).toMatchObject([{ state: "finished", prompt: "P", steps: 2, apiName: "model_chat" }]);
  });

  test("gives whole values with simple_format", async () => {
    await using space = await createSpaceEmulator({ shape: "qvq", version, answer: ["ha", "ha"] });
    const { messages } = await call(targetOf(space), [null, "P"], { simpleFormat: true });
    expect(messages.filter(({ msg }) => msg === "process_generating")).toMatchObject([
      { output: { data: ["ha"] } },
      { output: { data: ["haha"] } },
    ]);
  });

  test("tells an app's failure, and hides any other exception", async () => {
    await using space = await createSpaceEmulator({ shape: "max", version });
    const target = targetOf(space);
    const [early, late, hidden] = await Promise.all(
      ["script:error", "script:error 2", "script:crash 1"].map((prompt) => call(target, [prompt, [], ""])),
    );
    const output = is4
      ? { error: "'The model gave up…'", duration: 10, visible: true }
      : { error: "The model gave up…", duration: 10, visible: true, title: "Error" };
    expect(early?.messages.at(-2)).toMatchObject({ msg: "process_completed", success: false, output });
    expect(early?.messages.at(-2)?.["title"]).toBe(is4 ? undefined : "Error");
    expect(late?.messages.at(-2)).toMatchObject({ msg: "process_completed", success: false, output });
    expect(late?.messages.at(-2)?.["title"]).toBe(is4 ? undefined : null);
    expect(hidden?.messages.at(-2)).toMatchObject({ success: false, output: { error: null } });
    expect(space.jobs.map(({ state }) => state)).toEqual(["failed", "failed", "failed"]);
  });

  test("completes with nulls when the app yields nothing", async () => {
    await using space = await createSpaceEmulator({ shape: "max", version });
    const heard = await call(targetOf(space), ["script:nothing", [], ""]);
    expect(kinds(heard)).toEqual(["estimation", "process_starts", "process_completed", "close_stream"]);
    expect(heard.messages[2]).toMatchObject({ success: true, output: { data: [null, null, null] } });
  });

  test("does not know a session it was not told of, and breaks the body off", async () => {
    await using space = await createSpaceEmulator({ version });
    const heard = await listen(targetOf(space), "/queue/data?session_hash=nobody");
    expect(heard).toMatchObject({ status: 200, end: "broken" });
    expect(heard.messages).toEqual([
      {
        msg: "unexpected_error",
        event_id: null,
        message: is4 ? "404: Session not found." : "404: Not Found",
        ...(is4 ? {} : { session_not_found: true }),
        success: false,
      },
    ]);
  });

  test("hands out whole values by /call, whose own reader follows a caller's session on 6.x only", async () => {
    await using space = await createSpaceEmulator({ shape: "max", version, answer: ["ha", "ha"] });
    const target = targetOf(space);
    const started = async (body: object) =>
      ((await post(target, "/call/model_chat", { data: ["P", [], ""], ...body })).body as { event_id: string })
        .event_id;

    const alone = await listen(target, `/call/model_chat/${await started({})}`);
    expect(alone.events).toEqual([
      `event: generating\ndata: ["", [["P", "ha"]], ""]`,
      `event: generating\ndata: ["", [["P", "haha"]], ""]`,
      `event: complete\ndata: ["", [["P", "haha"]], ""]`,
    ]);

    const inSession = await listen(target, `/call/model_chat/${await started({ session_hash: "mine" })}`);
    expect(inSession.events.at(-1)).toMatch(is6 ? /^event: complete/u : /^event: error\ndata: "404/u);

    await started({ session_hash: "other" });
    const messages = await listen(target, "/queue/data?session_hash=other");
    expect(lastData(messages)).toEqual(["", [["P", "haha"]], ""]);
  });

  test("answers /run at once with the first value", async () => {
    await using space = await createSpaceEmulator({ shape: "max", version, answer: ["ha", "ha"] });
    const target = targetOf(space);
    for (const [path, body] of [
      ["/run/model_chat", {}],
      ["/run/predict", { fn_index: 0 }],
    ] as const) {
      const reply = await post(target, path, { data: ["P", [], "s"], ...body });
      expect(reply).toMatchObject({ status: 200, body: { data: ["", [["P", "ha"]], "s"], is_generating: true } });
    }
    expect(space.jobs).toEqual([]);
  });

  test("refuses as FastAPI and Gradio do", async () => {
    await using space = await createSpaceEmulator({ shape: "max", version });
    const target = targetOf(space);
    const status = async (path: string, body: unknown) => (await post(target, path, body)).status;
    expect(await status("/queue/join", { data: [], fn_index: 0 })).toBe(400);
    expect(await status("/queue/join", { data: [], session_hash: "s" })).toBe(400);
    expect(await status("/queue/join", { session_hash: "s" })).toBe(422);
    expect(await status("/queue/join", "{")).toBe(422);
    expect(await status("/queue/join", { data: [], session_hash: "s", fn_index: 99 })).toBe(500);
    expect(await status("/call/nobody", { data: [] })).toBe(500);
    expect(await status("/cancel", {})).toBe(422);
    expect(await status("/cancel", { event_id: "x", session_hash: "y", fn_index: 0 })).toBe(200);
    expect(await status("/upload", {})).toBe(400);
    expect(await status("/nowhere", {})).toBe(404);
  });

  test("lets nobody in without the cookies of /login", async () => {
    await using space = await createSpaceEmulator({ shape: "max", version, auth: { user: "secret" } });
    const target = targetOf(space);
    const login = (password: string) =>
      fetch(`${space.url}/login`, { method: "POST", body: new URLSearchParams({ username: "user", password }) });
    const error = is4 ? "Not authenticated" : { error: "Not authenticated", auth_message: null };
    expect(await join(target, [])).toMatchObject({ status: 401, body: { detail: error } });
    expect((await login("wrong")).status).toBe(400);
    const cookie = (await login("secret")).headers
      .getSetCookie()
      .map((line) => line.split(";")[0])
      .join("; ");
    expect((await fetch(`${space.url}/config`, { headers: { cookie } })).status).toBe(200);
    expect(
      (await post(target, "/queue/join", { data: ["P", [], ""], fn_index: 0, session_hash: "s" }, { cookie })).status,
    ).toBe(200);
  });

  test("says who is how far in the queue, and when the queue is full", async () => {
    const answer = { steps: ["a"], firstDelayMs: 400 };
    await using space = await createSpaceEmulator({
      shape: "max",
      version,
      answer,
      concurrencyLimit: 1,
      maxQueueSize: 2,
    });
    const target = targetOf(space);
    const prompt = ["P", [], ""];
    await join(target, prompt);
    while (space.jobs[0]?.state !== "running") await sleep(5);
    const second = await join(target, prompt);
    const third = await join(target, prompt);
    expect(await join(target, prompt)).toMatchObject({
      status: 503,
      body: { detail: "Queue is full. Max size is 2 and size is 2." },
    });
    const ranks = async ({ sessionHash }: typeof second) => {
      const { messages } = await listen(target, `/queue/data?session_hash=${sessionHash}`);
      return messages.filter(({ msg }) => msg === "estimation").map(({ rank }) => rank);
    };
    expect(await ranks(second)).toEqual([0]);
    expect(await ranks(third)).toEqual([1, 0]);
  });

  test("keeps messages for a late reader, and has only heartbeats for a second one", async () => {
    await using space = await createSpaceEmulator({ shape: "max", version, answer: "Hi", heartbeatMs: 30 });
    const target = targetOf(space);
    const { sessionHash } = await join(target, ["P", [], ""]);
    await space.idle();
    const path = `/queue/data?session_hash=${sessionHash}`;
    expect(kinds(await listen(target, path)).at(-1)).toBe("close_stream");
    const leaving = new AbortController();
    const again = await listen(target, path, { signal: leaving.signal, onEvent: () => leaving.abort() });
    expect(kinds(again)).toEqual(["heartbeat"]);
  });

  test("forgets the oldest session when there are too many", async () => {
    await using space = await createSpaceEmulator({ shape: "max", version, maxSessions: 2 });
    const target = targetOf(space);
    const sessions = [newSessionHash(), newSessionHash(), newSessionHash()];
    for (const sessionHash of sessions) await join(target, ["P", [], ""], { sessionHash });
    expect(kinds(await listen(target, `/queue/data?session_hash=${sessions[0]}`))).toEqual(["unexpected_error"]);
    expect(kinds(await listen(target, `/queue/data?session_hash=${sessions[1]}`)).at(-1)).toBe("close_stream");
  });

  test("logs and tells progress", async () => {
    const steps = [
      { log: "hi" },
      { log: "careful", level: "warning" },
      { progress: 1, of: 3, description: "working" },
      "done",
    ] as const;
    await using space = await createSpaceEmulator({ shape: "qvq", version, answer: steps });
    const { messages } = await call(targetOf(space), [null, "P"]);
    expect(messages.slice(2, 5)).toMatchObject([
      { msg: "log", log: "hi", level: "info", duration: 10, visible: true, ...(is4 ? {} : { title: "Info" }) },
      { msg: "log", log: "careful", level: "warning" },
      { msg: "progress", progress_data: [{ index: 1, length: 3, unit: "steps", progress: null, desc: "working" }] },
    ]);
  });
});
