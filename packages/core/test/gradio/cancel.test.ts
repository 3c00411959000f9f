import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { connectSpace } from "../../src/gradio/space.ts";
import { ask, chatProvider } from "../servers/chat-provider.ts";
import {
  configOf,
  estimation,
  eventId,
  generating,
  says,
  completed,
  startTestSpace,
  starts,
  type Exchange,
  type TestSpace,
} from "../servers/test-space.ts";
import { collect, rejection, settle, settles, until, useVirtualTime } from "../servers/waiting.ts";

/** How far a job gets before the caller leaves, and what the server had sent by then. */
const STAGES = [
  "before the join is answered",
  "before the stream's headers",
  "in the queue",
  "before the first text",
  "in mid-stream",
] as const;
type Stage = (typeof STAGES)[number];

/** Prepares the server for a stage. `reached` resolves there, `goOn` lets the server answer what it held back. */
function hold(space: TestSpace, stage: Stage) {
  let goOn = (): void => {};
  const reached = Promise.withResolvers<void>();
  const later = (answer: (exchange: Exchange) => void) => (exchange: Exchange) => {
    goOn = () => answer(exchange);
    reached.resolve();
  };
  if (stage === "before the join is answered") {
    const accept = (exchange: Exchange): void => exchange.reply(200, { event_id: eventId() });
    space.handlers.join = later(accept);
    space.handlers.call = later(accept);
  } else if (stage === "before the stream's headers") {
    space.handlers.data = later((exchange) => void exchange.events());
  } else {
    space.handlers.data = (exchange) => {
      const events = exchange.events();
      events.send(estimation(1));
      if (stage !== "in the queue") events.send(starts());
      if (stage === "in mid-stream") events.send(generating(["Hello"]));
      reached.resolve();
    };
  }
  return { reached: reached.promise, goOn: () => goOn() };
}

/** Ways to leave an iteration while its `next()` is pending. */
const WAYS = ["abort", "return()", "throw()"] as const;

async function leave(
  iterator: AsyncIterator<unknown>,
  {
    way,
    controller,
    pending,
  }: { readonly way: (typeof WAYS)[number]; readonly controller: AbortController; readonly pending: Promise<unknown> },
): Promise<void> {
  const reason = new Error("mine");
  if (way === "abort") {
    const failure = rejection(pending);
    controller.abort(reason);
    expect(await failure).toBe(reason);
  } else if (way === "return()") {
    expect(await iterator.return?.()).toEqual({ done: true, value: undefined });
    expect(await pending).toEqual({ done: true, value: undefined });
  } else {
    expect(await rejection(iterator.throw?.(reason) ?? Promise.resolve())).toBe(reason);
    expect(await pending).toEqual({ done: true, value: undefined });
  }
}

/** Takes what is there until a `next()` stays pending. */
async function drain(iterator: AsyncIterator<unknown>): Promise<{ readonly pending: Promise<unknown> }> {
  for (;;) {
    const pending = iterator.next();
    let settled = false;
    const mark = (): void => void (settled = true);
    pending.then(mark, mark);
    await settle();
    if (!settled) return { pending };
    await pending;
  }
}

describe.each(STAGES)("leaving %s", (stage) => {
  const early = stage === "before the join is answered" || stage === "before the stream's headers";

  it.each(WAYS)("by %s ends at once, closes the stream, then cancels with the verified fn_index", async (way) => {
    await using space = await startTestSpace();
    const client = connectSpace(space.origin);
    await client.endpoints();
    const { reached, goOn } = hold(space, stage);
    const controller = new AbortController();
    const iterator = client.submit("chat", ["Hi"], { signal: controller.signal });
    const first = drain(iterator);
    await reached;
    await leave(iterator, { way, controller, ...(await first) });
    // The caller has left already: the server answers into the clean-up.
    goOn();
    await client.close();
    await until(() => space.log.includes("close data"));
    expect(space.log).toEqual(["config", "join", "data", "close data", "cancel"]);
    const { session_hash } = space.requests[1]!.json as { readonly session_hash: string };
    expect(space.requests.at(-1)?.json).toEqual({ session_hash, fn_index: 0, event_id: eventId() });
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  });

  it("by abort never sends /cancel with an fn_index that /config has not confirmed", async () => {
    await using space = await startTestSpace({ config: ({ reply }) => reply(500, "") });
    const provider = chatProvider({ space: space.origin });
    const { reached, goOn } = hold(space, stage);
    const controller = new AbortController();
    const iterator = ask(provider, { signal: controller.signal })[Symbol.asyncIterator]();
    const first = drain(iterator);
    await reached;
    await leave(iterator, { way: "abort", controller, ...(await first) });
    goOn();
    await provider.close?.();
    await until(() => space.log.includes("close data"));
    expect(space.log.filter((entry) => entry !== "config")).toEqual(["join", "data", "close data"]);
  });

  it("of a call by name, before /config is known, closes the stream: nothing else is safe", async () => {
    await using space = await startTestSpace();
    const client = connectSpace(space.origin);
    const { reached, goOn } = hold(space, stage);
    const iterator = client.submit("chat", ["Hi"]);
    const first = drain(iterator);
    await reached;
    await first;
    await iterator.return?.();
    goOn();
    await client.close();
    await until(() => space.log.includes("close data"));
    expect(space.log).toEqual(["call", "data", "close data"]);
  });

  it("leaves a Space that can be called again", async () => {
    await using space = await startTestSpace();
    const client = connectSpace(space.origin);
    const { reached, goOn } = hold(space, stage);
    const iterator = client.submit("chat", ["Hi"]);
    const first = drain(iterator);
    await reached;
    await first;
    await iterator.return?.();
    goOn();
    space.handlers.call = ({ reply }) => reply(200, { event_id: eventId(2) });
    space.handlers.data = says(completed(["again"], eventId(2)));
    expect(await client.predict("chat", ["Hi"])).toEqual(["again"]);
    await client.close();
  });

  if (early)
    it("does not wait for the server: the clean-up goes on behind, at most ten seconds, and `close()` waits for it", async () => {
      await using space = await startTestSpace();
      const time = useVirtualTime();
      const client = connectSpace(space.origin);
      const { reached } = hold(space, stage);
      const iterator = client.submit("chat", ["Hi"]);
      const first = drain(iterator);
      await reached;
      await first;
      await iterator.return?.();
      let closed = false;
      const closing = client.close().then(() => (closed = true));
      await time.pass(9000);
      expect(closed).toBe(false);
      // Ten seconds for the request under way, and ten to open and close a session whose join may have counted.
      await time.pass(20_000);
      await closing;
      await until(() => space.open() === 0);
    });
});

it("waits a second for a stream that does not open, then opens and closes the session and sends /cancel", async () => {
  await using space = await startTestSpace();
  const time = useVirtualTime();
  const client = connectSpace(space.origin);
  await client.endpoints();
  const { reached } = hold(space, "before the stream's headers");
  const iterator = client.submit("chat", ["Hi"]);
  const first = drain(iterator);
  await reached;
  await first;
  await iterator.return?.();
  const closing = client.close();
  await time.pass(1001);
  await until(() => space.log.filter((entry) => entry === "data").length === 2);
  expect(space.log).toContain("close data");
  await time.pass(10_000);
  await time.pass(600);
  await closing;
  expect(space.log.at(-1)).toBe("cancel");
});

it.each([
  ["a generator, which closing its stream ends at its next step, waits half a second for that", true, 500],
  ["a function that is none has nothing to close, so its place is given back at once", false, 0],
])("a job that is left before its first output: %s", async (_, generator, waitsMs) => {
  const dependencies = [{ id: 0, api_name: "chat", queue: true, types: { generator } }];
  await using space = await startTestSpace({ config: ({ reply }) => reply(200, configOf({ dependencies })) });
  const client = connectSpace(space.origin);
  await client.endpoints();
  const { reached } = hold(space, "before the first text");
  const iterator = client.submit("chat", ["Hi"]);
  const first = drain(iterator);
  await reached;
  await first;
  const time = useVirtualTime();
  await iterator.return?.();
  await until(() => space.log.includes("close data"));
  if (waitsMs > 0) {
    await time.pass(waitsMs - 1);
    expect(space.log.includes("cancel")).toBe(false);
    await time.pass(1);
  }
  await until(() => space.log.includes("cancel"));
  await client.close();
});

it("sends nothing for a signal that is aborted already", async () => {
  await using space = await startTestSpace();
  const reason = new Error("mine");
  const client = connectSpace(space.origin);
  expect(await rejection(client.predict("chat", [], { signal: AbortSignal.abort(reason) }))).toBe(reason);
  await client.close();
  expect(space.connections()).toBe(0);
});

it("cancels one call only: others of the same Space go on", async () => {
  await using space = await startTestSpace();
  const client = connectSpace(space.origin);
  await client.endpoints();
  const streams: Exchange[] = [];
  space.handlers.data = (exchange) => void streams.push(exchange);
  const iterators = [client.submit("chat", [1]), client.submit("chat", [2])];
  const nexts = iterators.map((iterator) => iterator.next());
  await until(() => streams.length === 2);
  const [, second] = streams.map((exchange) => exchange.events());
  await iterators[0]?.return?.();
  const job = space.requests.findIndex(({ url }) => url.search === streams[1]?.url.search);
  expect(job).toBeGreaterThan(0);
  for (const n of [1, 2]) second?.send(completed(["whole"], eventId(n)));
  expect(await nexts[1]).toMatchObject({ value: { type: "completed", data: ["whole"] } });
  await client.close();
  expect(space.log.filter((entry) => entry === "cancel")).toHaveLength(1);
  const hashes = space.requests
    .filter(({ route }) => route === "join" || route === "cancel")
    .map(({ json }) => (json as { session_hash: string }).session_hash);
  expect(new Set(hashes).size).toBe(2);
});

it("leaves no listener on a signal that 1,000 calls share", async () => {
  await using space = await startTestSpace({ data: says(generating(["a"]), completed(["a"])) });
  const { signal } = new AbortController();
  const accept = ({ reply }: Exchange): void => reply(200, { event_id: eventId() });
  space.handlers.join = accept;
  const provider = chatProvider({ space: space.origin });
  for (let round = 0; round < 20; round += 1)
    await Promise.all(Array.from({ length: 50 }, () => collect(ask(provider, { signal }))));
  expect(getEventListeners(signal, "abort")).toEqual([]);
  await provider.close?.();
}, 30_000);

it("ends a stalled `next()` with `return()`, which waits for nothing", async () => {
  await using space = await startTestSpace();
  const client = connectSpace(space.origin);
  const iterator = client.submit("chat", []);
  const next = iterator.next();
  await until(() => space.log.includes("data"));
  expect(await settles(iterator.return?.())).toBe(true);
  await next;
  await client.close();
});
