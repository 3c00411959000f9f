import { createRouter, type Message } from "@qwen/core";
import { createSpaceEmulator, type SpaceEmulator } from "@qwen/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { rerouted } from "../../../test/spaces/rerouted.ts";
import { asked, hear, type Heard } from "../../../test/spaces/wire.ts";
import { qwen1M } from "../src/index.ts";
import { goOnElsewhere } from "./go-on.ts";

let space: SpaceEmulator;
beforeEach(async () => {
  space = await createSpaceEmulator({ shape: "1m" });
});
afterEach(() => space.close());

const FIRST = "script:text I am one.";
const ask1M = () => qwen1M({ space: space.url });

/** The history that the app gives its model, as the model says it. */
const REMEMBERED = JSON.stringify([[FIRST, "I am one."]]).replace(",", ", ");

/** The whole chat after a first turn, and what is asked next. */
function after({ text }: { readonly text: string }, question: string): readonly Message[] {
  return asked(question, { role: "user", content: FIRST }, { role: "assistant", content: text }).messages;
}

const expired = { code: "conversation_expired" };

describe("a conversation goes on", () => {
  test("in the same session, with the last message alone, though `messages` is the whole chat", async () => {
    const provider = ask1M();
    const first = await hear(provider, asked(FIRST));
    const next = await hear(provider, { messages: after(first, "script:history"), conversation: first.conversation });
    expect(next.text).toBe(REMEMBERED);
    expect(space.jobs.map(({ prompt }) => prompt)).toEqual([FIRST, "script:history"]);
    expect(new Set(space.jobs.map(({ sessionHash }) => sessionHash)).size).toBe(1);
    await provider.close?.();
  });

  test("turn after turn, as the same provider's or another's, after JSON", async () => {
    let heard: Heard = await hear(ask1M(), asked(FIRST));
    for (const turn of [2, 3, 4]) {
      const { conversation } = JSON.parse(JSON.stringify({ conversation: heard.conversation })) as Heard;
      heard = await hear(ask1M(), { messages: after(heard, `script:text ${turn}`), conversation });
    }
    const last = await hear(ask1M(), { messages: after(heard, "script:history"), conversation: heard.conversation });
    expect(JSON.parse(last.text)).toEqual([
      [FIRST, "I am one."],
      ["script:text 2", "2"],
      ["script:text 3", "3"],
      ["script:text 4", "4"],
    ]);
  });

  test("in another process, and back in this one", async () => {
    await using router = createRouter({ plugins: [ask1M()] });
    const first = await router.complete({ model: "qwen-1m", ...asked(FIRST) });
    const messages = after(first, "script:history");
    const next = await goOnElsewhere({ space: space.url, messages, conversation: first.conversation });
    expect(next.text).toBe(REMEMBERED);
    const { conversation } = next;
    // Another provider, because this one's memory ends with the first turn.
    await using other = createRouter({ plugins: [ask1M()] });
    const third = await other.complete({ model: "qwen-1m", messages: after(first, "script:history"), conversation });
    expect(JSON.parse(third.text)).toHaveLength(2);
  });

  test("after a turn whose consumer left at its finish", async () => {
    const provider = ask1M();
    const first = await hear(provider, asked(FIRST));
    let { conversation } = first;
    for await (const part of provider.stream({ messages: after(first, "script:text two"), conversation })) {
      if (part.type !== "finish") continue;
      ({ conversation } = part);
      break;
    }
    const next = await hear(provider, { messages: after(first, "script:history"), conversation });
    expect(JSON.parse(next.text)).toHaveLength(2);
  });

  test("with the cookies that led to its server", async () => {
    await using reroute = rerouted(() => space.url);
    const transport = {
      ...reroute.transport,
      request: async (request: Parameters<typeof reroute.transport.request>[0]) => {
        const response = await reroute.transport.request(request);
        return { ...response, headers: { ...response.headers, "set-cookie": ["replica=7; Path=/"] } };
      },
    };
    const first = await hear(qwen1M({ transport }), asked(FIRST));
    const sent = reroute.requests.length;
    await hear(qwen1M({ transport }), { messages: after(first, "Hi"), conversation: first.conversation });
    const session = reroute.requests.slice(sent).filter(({ url }) => url.pathname !== "/config");
    expect(session.map(({ headers }) => headers["cookie"])).toEqual(["replica=7", "replica=7", "replica=7"]);
  });
});

describe("a conversation is over", () => {
  test("after a turn that was aborted, at once", async () => {
    const provider = ask1M();
    const first = await hear(provider, asked(FIRST));
    const request = { messages: after(first, "script:slow 1000 10"), conversation: first.conversation };
    const abort = new AbortController();
    const reason = new Error("Enough.");
    const turn = (async () => {
      for await (const part of provider.stream({ ...request, signal: abort.signal }))
        if (part.type === "text-delta") abort.abort(reason);
    })();
    await expect(turn).rejects.toBe(reason);
    await expect(hear(provider, request)).rejects.toMatchObject(expired);
    await provider.close?.();
  });

  test.each(["break", "return()", "throw()"])("after a turn that was left by %s, at once", async (way) => {
    const provider = ask1M();
    const first = await hear(provider, asked(FIRST));
    const request = { messages: after(first, "script:slow 1000 10"), conversation: first.conversation };
    const iterator = provider.stream(request)[Symbol.asyncIterator]();
    await iterator.next();
    if (way === "break") for await (const _ of { [Symbol.asyncIterator]: () => iterator }) break;
    else if (way === "return()") await iterator.return?.();
    else await iterator.throw?.(new Error("Enough.")).catch(() => {});
    await expect(hear(provider, request)).rejects.toMatchObject(expired);
    await provider.close?.();
  });

  test("after a turn that failed", async () => {
    const provider = ask1M();
    const first = await hear(provider, asked(FIRST));
    const { conversation } = first;
    await expect(hear(provider, { messages: after(first, "script:error 2"), conversation })).rejects.toMatchObject({
      code: "space_error",
    });
    await expect(hear(provider, { messages: after(first, "Hi"), conversation })).rejects.toMatchObject(expired);
  });

  test("after a turn whose stream was cut", async () => {
    const provider = ask1M();
    const first = await hear(provider, asked(FIRST));
    const request = { messages: after(first, "script:text a b c"), conversation: first.conversation };
    space.fault({ name: "eof", on: 1, after: 4 });
    await expect(hear(provider, request)).rejects.toMatchObject({ code: "stream_interrupted", text: "a b " });
    await expect(hear(provider, request)).rejects.toMatchObject(expired);
  });

  test("for a token that another turn went on from", async () => {
    const provider = ask1M();
    const first = await hear(provider, asked(FIRST));
    const request = { messages: after(first, "script:text two"), conversation: first.conversation };
    await hear(provider, request);
    const asked1 = space.requests.length;
    await expect(hear(provider, request)).rejects.toMatchObject(expired);
    expect(space.requests).toHaveLength(asked1);
  });

  test("after the Space was restarted, and the Space is asked to run nothing", async () => {
    await using reroute = rerouted(() => space.url);
    const provider = qwen1M({ transport: reroute.transport });
    const first = await hear(provider, asked(FIRST));
    await using restarted = await createSpaceEmulator({ shape: "1m" });
    const before = space;
    space = restarted;
    await before.close();
    const turn = hear(provider, { messages: after(first, "script:history"), conversation: first.conversation });
    await expect(turn).rejects.toMatchObject(expired);
    expect(restarted.jobs).toEqual([]);
    expect((await hear(provider, asked("script:text new"))).text).toBe("new");
  });

  test("where another replica answers that does not know its session", async () => {
    const provider = ask1M();
    const first = await hear(provider, asked(FIRST));
    space.fault({ name: "session-not-found", on: 1 });
    const turn = hear(provider, { messages: after(first, "Hi"), conversation: first.conversation });
    await expect(turn).rejects.toMatchObject(expired);
    expect(space.jobs).toHaveLength(2);
  });

  test("unless the caller wants a new one with the whole history", async () => {
    const provider = ask1M();
    await using router = createRouter({ plugins: [provider] });
    const first = await router.complete({ model: "qwen-1m", ...asked(FIRST) });
    const { conversation } = first;
    const messages = after(first, "script:text two");
    await router.complete({ model: "qwen-1m", messages, conversation });
    await expect(router.complete({ model: "qwen-1m", messages, conversation })).rejects.toMatchObject(expired);
    const again = await router.complete({ model: "qwen-1m", messages, conversation, onConversationLost: "restart" });
    expect(again.text).toBe("two");
    expect(space.jobs.at(-1)?.prompt).toBe(`User: ${FIRST}\n\nAssistant: I am one.\n\nUser: script:text two`);
    const next = await router.complete({
      model: "qwen-1m",
      messages: after(again, "script:text three"),
      conversation: again.conversation,
    });
    expect(next.text).toBe("three");
  });
});

test("a first turn whose session is lost begins once more in a new one", async () => {
  space.fault({ name: "session-not-found", on: 1 });
  const provider = ask1M();
  const first = await hear(provider, asked(FIRST));
  expect(first.text).toBe("I am one.");
  const next = await hear(provider, { messages: after(first, "script:history"), conversation: first.conversation });
  expect(next.text).toBe(REMEMBERED);
  expect(new Set(space.jobs.map(({ sessionHash }) => sessionHash)).size).toBe(2);
});

test("of two turns at once one is conversation_busy, and the other is not disturbed", async () => {
  const provider = ask1M();
  const first = await hear(provider, asked(FIRST));
  const { conversation } = first;
  const slow = hear(provider, { messages: after(first, "script:slow 5 20"), conversation });
  const other = hear(provider, { messages: after(first, "script:history"), conversation });
  await expect(other).rejects.toMatchObject({ code: "conversation_busy" });
  const { text, conversation: next } = await slow;
  expect(text).toBe("1 2 3 4 5");
  const last = await hear(provider, { messages: after(first, "script:history"), conversation: next });
  expect(JSON.parse(last.text)).toHaveLength(2);
});

describe("what is no conversation of this provider is invalid_request, and nothing is sent", () => {
  test("a string that is none", async () => {
    for (const conversation of ["", "hello", "{}", "[]", '{"hash":1,"turn":1,"cookies":{}}']) {
      await expect(hear(ask1M(), { ...asked("Hi"), conversation })).rejects.toMatchObject({ code: "invalid_request" });
      await using router = createRouter({ plugins: [ask1M()] });
      await expect(router.complete({ model: "qwen-1m", ...asked("Hi"), conversation })).rejects.toMatchObject({
        code: "invalid_request",
      });
    }
    expect(space.requests).toEqual([]);
  });

  test("one of another provider", async () => {
    await using router = createRouter({ plugins: [ask1M(), qwen1M({ id: "mirror", space: space.url })] });
    const { conversation } = await router.complete({ model: "mirror/qwen-1m", ...asked(FIRST) });
    const sent = space.requests.length;
    const turn = router.complete({ model: "1m/qwen-1m", ...asked("Hi"), conversation });
    await expect(turn).rejects.toMatchObject({ code: "invalid_request" });
    expect(space.requests).toHaveLength(sent);
  });
});

describe("a conversation string that somebody changed", () => {
  test.each<[string, object]>([
    ["a line break in a cookie", { cookies: { a: "b\r\nx: y" } }],
    ["a session that adds to the query", { hash: "abc&event_id=1#frag" }],
    ["no turn", { turn: -1 }],
  ])("%s: is invalid_request, sends nothing and counts for nobody", async (_, change) => {
    await using router = createRouter({ plugins: [ask1M()] });
    const { conversation } = await router.complete({ model: "qwen-1m", ...asked(FIRST) });
    const [provider, model, token] = JSON.parse(conversation!) as [string, string, string];
    const changed = { ...(JSON.parse(token) as object), ...change };
    const forged = JSON.stringify([provider, model, JSON.stringify(changed)]);
    space.forget();
    for (let call = 0; call < 6; call += 1) {
      const turn = router.complete({ model: "qwen-1m", ...asked("Hi"), conversation: forged });
      await expect(turn).rejects.toMatchObject({ code: "invalid_request", attempts: { length: 1 } });
    }
    expect(space.requests).toEqual([]);
    expect(router.health()).toMatchObject([{ breaker: "closed" }]);
  });
});
