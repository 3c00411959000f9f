import { describe, expect, it } from "vitest";
import { createRouter } from "../../src/index.ts";
import { inspectSpace } from "../../src/gradio/session-provider.ts";
import { connectSpace } from "../../src/gradio/space.ts";
import { leadingTo, PAGE, passUntil, startAsleep, watched } from "../servers/asleep-space.ts";
import { chatProvider } from "../servers/chat-provider.ts";
import { completed, configOf, oneJob, says, startTestSpace } from "../servers/test-space.ts";
import { collect, rejection, settle, until, useVirtualTime } from "../servers/waiting.ts";

const MESSAGES = [{ role: "user", content: "Hi" }] as const;

describe("a Space that sleeps", () => {
  it("is woken by asking its own host, and waited for, told as log messages, with one look a second", async () => {
    await using asleep = await startAsleep(["SLEEPING", "SLEEPING", "APP_STARTING", "APP_STARTING", "RUNNING"]);
    const { space, hub, polls, shortestGap } = asleep;
    const client = connectSpace("owner/name", { transport: leadingTo(space), hubUrl: hub.origin, token: "hf_token" });
    await rejection(connectSpace("owner/name", { transport: leadingTo(space), wakeMs: 0 }).predict("chat", []));
    const before = space.requests.length;
    const time = useVirtualTime();
    const messages = collect(client.submit("chat", ["Hi"]));
    await passUntil(time, watched(messages));
    expect(await messages).toEqual([
      { type: "log", level: "info", message: "owner/name is asleep (SLEEPING)" },
      { type: "log", level: "info", message: "owner/name is starting (APP_STARTING)" },
      { type: "completed", data: ["awake"] },
    ]);
    expect(polls()).toBe(5);
    expect(shortestGap()).toBeGreaterThanOrEqual(1000);
    expect(new Set(hub.requests.map(({ url }) => url.pathname))).toEqual(new Set(["/api/spaces/owner/name"]));
    expect(new Set(hub.requests.map(({ headers }) => headers.authorization))).toEqual(new Set(["Bearer hf_token"]));
    const asked = space.requests.slice(before);
    expect(asked.map(({ route }) => route)).toEqual([
      "call",
      "config",
      "config",
      "config",
      "config",
      "call",
      "data",
      "config",
    ]);
    expect(asked[1]?.headers["x-hf-authorization"]).toBe("Bearer hf_token");
  });

  it("is looked at once a second, however many calls of a client wait, and whatever they ask for", async () => {
    await using asleep = await startAsleep(["BUILDING"]);
    const { space, hub, polls, shortestGap, wake } = asleep;
    const client = connectSpace(space.origin, { hubUrl: hub.origin });
    await rejection(connectSpace(space.origin).predict("chat", []));
    const time = useVirtualTime();
    const asked = Array.from({ length: 50 }, (_, index) => client.predict("chat", [index]));
    const others = [client.endpoints(), client.describe(), client.upload(new Uint8Array(1))];
    await passUntil(time, () => polls() === 10);
    expect(hub.requests[0]?.url.pathname).toBe("/api/spaces/by-subdomain/127");
    // Who comes later does not even ask.
    const before = space.requests.filter(({ route }) => route === "call").length;
    asked.push(...Array.from({ length: 20 }, (_, index) => client.predict("chat", [index])));
    await passUntil(time, () => polls() === 12);
    expect(space.requests.filter(({ route }) => route === "call")).toHaveLength(before);
    wake();
    const all = Promise.all([...asked, ...others]);
    await passUntil(time, watched(all));
    expect(shortestGap()).toBeGreaterThanOrEqual(1000);
    expect((await all).slice(0, 70)).toEqual(Array.from({ length: 70 }, () => ["awake"]));
    expect(polls()).toBeLessThanOrEqual(13);
    await client.close();
  });

  it("is waited for at most `wakeMs`, and by each call for as long as it has", async () => {
    await using asleep = await startAsleep(["SLEEPING"]);
    const { space, hub, polls } = asleep;
    const client = connectSpace(space.origin, { hubUrl: hub.origin, wakeMs: 5000 });
    await rejection(connectSpace(space.origin).predict("chat", []));
    const time = useVirtualTime();
    const late = rejection(client.predict("chat", []));
    const shorter = rejection(client.predict("chat", [], { timeouts: { totalMs: 2000 } }));
    const leaves = new AbortController();
    const left = rejection(client.predict("chat", [], { signal: leaves.signal }));
    await until(() => polls() === 1);
    leaves.abort(new Error("gone"));
    expect(await left).toBe(leaves.signal.reason);
    await passUntil(time, watched(shorter));
    expect(await shorter).toMatchObject({ code: "timeout", phase: "total" });
    await passUntil(time, watched(late));
    expect(await late).toMatchObject({
      code: "space_unavailable",
      message: expect.stringMatching(/is asleep \(SLEEPING\), and did not wake within 5000 ms/),
    });
    // Nobody is left who waits.
    await settle();
    const looked = polls();
    await time.pass(10_000);
    expect(polls()).toBe(looked);
    await client.close();
  });

  it("of a provider is waited for within `firstOutputMs`, told as log parts; then a route goes on to the next", async () => {
    await using asleep = await startAsleep(["SLEEPING"]);
    await using other = await startTestSpace({ ...oneJob, data: says(completed(["other"])) });
    const { space, hub, wake } = asleep;
    await rejection(connectSpace(space.origin).predict("chat", []));
    const router = createRouter({
      plugins: [
        chatProvider({ id: "sleepy", space: space.origin, hubUrl: hub.origin, timeouts: { firstOutputMs: 3000 } }),
        chatProvider({ id: "other", space: other.origin }),
      ],
      routes: { both: ["sleepy/model", "other/model"] },
    });
    const time = useVirtualTime();
    const parts = collect(router.stream({ model: "both", messages: MESSAGES }));
    await passUntil(time, watched(parts));
    expect((await parts).filter(({ type }) => type === "log")).toEqual([
      { type: "log", level: "info", message: expect.stringContaining("is asleep (SLEEPING)") },
    ]);
    expect((await parts).at(-1)).toMatchObject({
      type: "finish",
      attempts: [{ provider: "sleepy", error: { code: "timeout", phase: "first-output" } }, { provider: "other" }],
    });
    const woken = router.complete({ model: "sleepy/model", messages: MESSAGES });
    const looked = asleep.polls();
    await passUntil(time, () => asleep.polls() > looked);
    wake();
    await passUntil(time, watched(woken));
    expect(await woken).toMatchObject({ text: "awake", provider: "sleepy" });
    await router.close();
  });

  it.each<[string | number, string, RegExp]>([
    ["PAUSED", "space_unavailable", /was paused by its owner \(PAUSED\)/],
    ["BUILD_ERROR", "space_unavailable", /could not be built \(BUILD_ERROR\)/],
    ["RUNTIME_ERROR", "space_unavailable", /failed when it was started/],
    ["NEW\u001B[31mSTAGE", "space_unavailable", /cannot answer \(NEWSTAGE\)/],
    [404, "space_unavailable", /There is no Space owner\/name/],
    [401, "authentication", /private/],
    [403, "authentication", /private/],
  ])("in a stage that does not end by itself ends the call at once: %s is %s", async (stage, code, words) => {
    await using asleep = await startAsleep([stage]);
    const { space, hub, polls } = asleep;
    const client = connectSpace("owner/name", { transport: leadingTo(space), hubUrl: hub.origin });
    const error = await rejection(client.predict("chat", []));
    expect(error).toMatchObject({ code });
    expect((error as Error).message).toMatch(words);
    expect(polls()).toBe(1);
  });

  it.each<[string, string | number]>([
    ["runs, as its hub says", "RUNNING"],
    ["has a hub that is out of order", 500],
    ["has a hub that says nothing of it", ""],
  ])("or not, but %s, has its own error at once", async (_, stage) => {
    await using asleep = await startAsleep([stage]);
    asleep.space.handlers.call = ({ reply }) => reply(503, PAGE);
    const client = connectSpace(asleep.space.origin, { hubUrl: asleep.hub.origin });
    expect(await rejection(client.predict("chat", []))).toMatchObject({ code: "space_unavailable", status: 503 });
    expect(asleep.polls()).toBe(1);
    await client.close();
  });

  it("is woken for who only looks at it, and asked again as long as it is not what its hub says", async () => {
    await using asleep = await startAsleep(["SLEEPING", "SLEEPING", "RUNNING"]);
    const { space, hub } = asleep;
    await rejection(connectSpace(space.origin).predict("chat", []));
    const time = useVirtualTime();
    const looked = inspectSpace(space.origin, { hubUrl: hub.origin, look: ({ version }) => version });
    await passUntil(time, watched(looked));
    expect(await looked).toBe("5.50.0");
  });

  it("is waited for until its host answers, though its hub says a little earlier that it runs", async () => {
    await using asleep = await startAsleep(["SLEEPING", "RUNNING"]);
    const { space, hub, polls, shortestGap } = asleep;
    let looks = 0;
    space.handlers.call = (exchange) => (looks < 4 ? exchange.reply(503, PAGE) : oneJob.call(exchange));
    space.handlers.config = ({ reply }) => ((looks += 1) < 4 ? reply(503, PAGE) : reply(200, configOf({})));
    await rejection(connectSpace(space.origin).predict("chat", []));
    const client = connectSpace(space.origin, { hubUrl: hub.origin });
    const time = useVirtualTime();
    const asked = Promise.all([client.predict("chat", ["Hi"]), client.predict("chat", ["Hi"])]);
    await passUntil(time, watched(asked));
    expect(await asked).toEqual([["awake"], ["awake"]]);
    expect(shortestGap()).toBeGreaterThanOrEqual(1000);
    expect(polls()).toBe(5);
    // Long after that it has its own error at once.
    await time.pass(60_000);
    const looked = polls();
    space.handlers.call = ({ reply }) => reply(503, PAGE);
    space.handlers.join = ({ reply }) => reply(503, PAGE);
    expect(await rejection(client.predict("chat", ["Hi"]))).toMatchObject({ code: "space_unavailable", status: 503 });
    expect(polls()).toBe(looked + 1);
    await client.close();
  });

  it("does not hear of a token across a redirect of its hub", async () => {
    await using asleep = await startAsleep(["RUNNING"]);
    await using stranger = await startTestSpace({ other: ({ reply }) => reply(200, {}) });
    asleep.hub.handlers.other = ({ reply }) => reply(307, "", { location: `${stranger.origin}/x` });
    const client = connectSpace(asleep.space.origin, { hubUrl: asleep.hub.origin, token: "hf_token" });
    await rejection(client.predict("chat", []));
    expect(stranger.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
    await client.close();
  });

  it("is nothing that a Space elsewhere is asked about, nor one whose call had begun, nor with `wakeMs: 0`", async () => {
    await using asleep = await startAsleep(["SLEEPING"]);
    const { space, hub, polls } = asleep;
    for (const options of [{}, { hubUrl: hub.origin, wakeMs: 0 }]) {
      const client = connectSpace(space.origin, options);
      expect(await rejection(client.predict("chat", []))).toMatchObject({ code: "space_unavailable" });
      await client.close();
    }
    expect(polls()).toBe(0);
    await settle();
    await until(() => space.requests.length === 2);
  });
});

describe("hubUrl", () => {
  it.each(["http://hub.example", "ftp://127.0.0.1", "https://user:pass@hub.example", "nonsense", 7, null])(
    "is no %s: the token goes there",
    (hubUrl) => {
      expect(() => connectSpace("owner/name", { hubUrl: hubUrl as never })).toThrow(TypeError);
      expect(() => connectSpace("owner/name", { hubUrl: hubUrl as never })).toThrow(/hubUrl/);
    },
  );

  it.each(["https://hub.example", new URL("https://hub.example/a"), "http://localhost:1", "http://[::1]:1", undefined])(
    "may be %s",
    (hubUrl) => {
      expect(connectSpace("owner/name", { hubUrl }).url.host).toBe("owner-name.hf.space");
    },
  );

  it.each([Number.NaN, -1, "120", null])("wakeMs is no %o", (wakeMs) => {
    expect(() => connectSpace("owner/name", { wakeMs: wakeMs as never })).toThrow(TypeError);
  });
});
