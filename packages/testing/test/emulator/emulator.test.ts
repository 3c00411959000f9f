import { expect, test } from "vitest";

import { createSpaceEmulator } from "../../src/index.ts";
import { call, join, lastData, listen, post, targetOf } from "../gradio-calls.ts";

const PROMPT = ["P", [], "sys"];

test("is the Space that its version runs, unless told otherwise", async () => {
  const versions = { max: "5.50.0", "1m": "4.44.1", "72b": "4.44.1", qvq: "5.50.0", chat: "6.31.0" } as const;
  for (const [shape, version] of Object.entries(versions)) {
    await using space = await createSpaceEmulator({ shape: shape as keyof typeof versions });
    expect(space.version).toBe(version);
    expect(space.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/u);
    expect(await (await fetch(`${space.url}/config`)).json()).toMatchObject({
      version,
      protocol: "sse_v3",
      root: space.url,
    });
  }
});

test("answers by the prompt, by the call, and differently from now on", async () => {
  await using space = await createSpaceEmulator({
    shape: "max",
    pollMs: 1,
    answer: (prompt, { call: number, history, system }) =>
      prompt === "else" ? undefined : `${number} ${JSON.stringify([prompt, history, system])}`,
  });
  const target = targetOf(space);
  const text = async (data: readonly unknown[]) =>
    (lastData(await call(target, data)) as [string, [string, string][]])[1].at(-1)?.[1];
  expect(await text(["a", [["b", "c"]], "s"])).toBe('1 ["a",[["b","c"]],"s"]');
  expect(await text(["a", [], "s"])).toBe('2 ["a",[],"s"]');
  expect(await text(["else", [], "s"])).toBe("You said: else");
  space.answer(["now ", { rewrite: "so" }]);
  expect(await text(PROMPT)).toBe("so");
  space.answer(undefined);
  expect(await text(PROMPT)).toBe("You said: P");
});

test("waits before the first piece and between the others", async () => {
  await using space = await createSpaceEmulator({
    shape: "max",
    pollMs: 1,
    answer: { steps: ["a", "b", { waitMs: 60 }, "c"], firstDelayMs: 80, delayMs: 40 },
  });
  const target = targetOf(space);
  const times: number[] = [];
  const start = performance.now();
  const { sessionHash } = await join(target, PROMPT);
  await listen(target, `/queue/data?session_hash=${sessionHash}`, {
    onEvent: (event) => void (event.includes("process_generating") && times.push(performance.now() - start)),
  });
  const [first = 0, second = 0, third = 0] = times;
  // Counted from before the call, since a busy machine may hear of each late; a timer may be a millisecond early.
  expect(first).toBeGreaterThan(80 - 2);
  expect(second).toBeGreaterThan(80 + 40 - 3);
  expect(third).toBeGreaterThan(80 + 40 + 60 + 40 - 5);
});

test("records what it was asked, on which connection, and how it ended", async () => {
  await using space = await createSpaceEmulator({ shape: "max", answer: "Hi" });
  const target = targetOf(space);
  const { sessionHash } = await join(target, PROMPT);
  await listen(target, `/queue/data?session_hash=${sessionHash}`);
  const form = new FormData();
  form.append("files", new Blob([new Uint8Array([1, 2])], { type: "image/png" }), "a.png");
  const [path] = (await (await fetch(`${space.url}/gradio_api/upload`, { method: "POST", body: form })).json()) as [
    string,
  ];
  expect(path).toMatch(/^\/tmp\/gradio\/[0-9a-f]{64}\/a\.png$/u);
  expect(space.requests).toMatchObject([
    {
      method: "POST",
      path: "/gradio_api/queue/join",
      route: "join",
      body: { data: PROMPT, session_hash: sessionHash },
      connection: 1,
      status: 200,
      left: false,
    },
    {
      method: "GET",
      path: `/gradio_api/queue/data?session_hash=${sessionHash}`,
      route: "data",
      body: undefined,
      connection: 2,
      status: 200,
      left: false,
    },
    {
      route: "upload",
      body: { files: [{ field: "files", name: "a.png", type: "image/png", bytes: new Uint8Array([1, 2]) }] },
    },
  ]);
  const [joined, data] = space.requests;
  expect(joined?.at).toBeLessThan(data?.at ?? 0);
  expect(space.jobs).toMatchObject([
    {
      sessionHash,
      fnIndex: 0,
      apiName: "model_chat",
      data: PROMPT,
      prompt: "P",
      state: "finished",
      steps: 1,
      restarts: 0,
    },
  ]);
  space.forget();
  expect([space.requests, space.jobs]).toEqual([[], []]);
});

test("is private with a token: 404 to everybody else", async () => {
  await using space = await createSpaceEmulator({ shape: "max", token: "hf_secret" });
  const target = targetOf(space);
  const body = { event_id: "x", session_hash: "y", fn_index: 0 };
  expect((await post(target, "/cancel", body)).status).toBe(404);
  expect((await post(target, "/cancel", body, { "x-hf-authorization": "Bearer wrong" })).status).toBe(404);
  expect((await post(target, "/cancel", body, { "x-hf-authorization": "Bearer hf_secret" })).status).toBe(200);
  expect((await post(target, "/cancel", body, { authorization: "Bearer hf_secret" })).status).toBe(200);
});

test("behind a load balancer, only a client that keeps its cookie finds its session again", async () => {
  await using space = await createSpaceEmulator({ shape: "max", replicas: 2, pollMs: 1 });
  const target = targetOf(space);
  const joined = await post(target, "/queue/join", { data: PROMPT, fn_index: 0, session_hash: "s" });
  const [cookie = ""] = joined.headers["set-cookie"] ?? [];
  const path = `${space.url}/gradio_api/queue/data?session_hash=s`;
  const without = await fetch(path);
  await expect(without.text()).rejects.toThrow(/terminated/u);
  const found = await fetch(path, { headers: { cookie: cookie.split(";")[0] ?? "" } });
  expect(await found.text()).toContain("process_completed");
  expect(space.jobs).toHaveLength(1);
});

test("refuses a file that nobody uploaded", async () => {
  await using space = await createSpaceEmulator({ shape: "qvq" });
  const { messages } = await call(targetOf(space), [{ path: "/etc/hostname" }, "Hi"]);
  expect(messages.at(-2)).toMatchObject({ success: false, output: { error: null } });
});

test("keeps the conversation of the 1M Space in its session", async () => {
  await using space = await createSpaceEmulator({
    shape: "1m",
    pollMs: 1,
    answer: (prompt, { history }) => `${prompt} after ${JSON.stringify(history)}`,
  });
  const target = targetOf(space);
  const turn = async (text: string) => {
    const { body } = await post(target, "/run/predict", {
      data: [{ files: [], text }, [], []],
      fn_index: 1,
      session_hash: "s",
    });
    return lastData(
      await call(target, [(body as { data: unknown[] }).data[1], null, 0], { fnIndex: 2, sessionHash: "s" }),
    );
  };
  await turn("one");
  expect(JSON.stringify(await turn("two"))).toContain(
    JSON.stringify(JSON.stringify([["one", "one after []"]])).slice(1, -1),
  );
});

test("ends every job, socket and timer when it closes", async () => {
  const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === "Timeout").length;
  const before = timers();
  const space = await createSpaceEmulator({
    shape: "max",
    faults: [{ name: "slow-queue", on: 2 }],
    heartbeatMs: 60_000,
  });
  const target = targetOf(space);
  const running = await join(target, ["script:slow 100 1000", [], ""]);
  const heard = listen(target, `/queue/data?session_hash=${running.sessionHash}`);
  await join(target, PROMPT);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(space.sockets).toBeGreaterThan(0);
  expect(space.jobs.map(({ state }) => state)).toEqual(["running", "queued"]);

  await space.close();
  expect((await heard).end).toBe("broken");
  expect(space.sockets).toBe(0);
  expect(space.jobs.map(({ state }) => state)).toEqual(["stopped", "removed"]);
  expect(timers()).toBeLessThanOrEqual(before);
  await space.close();
});
