import { describe, expect, it } from "vitest";
import { connectSpace } from "../../src/gradio/space.ts";
import { passUntil, startAsleep, watched } from "../servers/asleep-space.ts";
import {
  closeStream,
  completed,
  configOf,
  eventId,
  failed,
  generating,
  says,
  startTestSpace,
  type Events,
  type Exchange,
} from "../servers/test-space.ts";
import { rejection, until, useVirtualTime } from "../servers/waiting.ts";

/**
 * A Space that minds its one session as Gradio does: a job that was left counts as running for good, so no stream is closed behind it;
 * of two readers the older one has what is said; and who leaves ends all that the session runs, a little later.
 */
async function startMinding() {
  const running = new Set<string>();
  const readers = new Set<Events>();
  let most = 0;
  let jobs = 0;
  const space = await startTestSpace({
    config: ({ reply }) => reply(200, configOf()),
    join: ({ reply }) => {
      running.add(eventId((jobs += 1)));
      reply(200, { event_id: eventId(jobs) });
    },
    data: (exchange) => {
      const events = exchange.events();
      readers.add(events);
      most = Math.max(most, readers.size);
      exchange.response.on("close", () => readers.delete(events));
      const id = eventId(jobs);
      if (jobs === 1) {
        events.send(generating(["some"], id));
        return;
      }
      const [oldest] = readers;
      oldest?.send(completed([`answer ${jobs}`], id));
      running.delete(id);
      if (running.size > 0) return;
      oldest?.send(closeStream);
      oldest?.end();
    },
  });
  return { space, mostReaders: () => most };
}

/** A session of such a Space, in which a call was left in mid-answer; the clock stands still. */
async function leaveCall({ origin }: { readonly origin: string }) {
  const client = connectSpace(origin);
  await client.endpoints();
  const session = client.session();
  const time = useVirtualTime();
  const left = session.submit("chat", [1]);
  while ((await left.next()).value?.type !== "generating");
  await left.return?.();
  return { client, session, time };
}

describe("a session", () => {
  it("in which a call was left goes on with one after the other: no two streams of it are open at a time", async () => {
    const { space, mostReaders } = await startMinding();
    await using _ = space;
    const { client, session, time } = await leaveCall(space);
    const answers = Promise.all([2, 3, 4].map((number) => session.predict("chat", [number])));
    await passUntil(time, watched(answers));
    expect(await answers).toEqual([["answer 2"], ["answer 3"], ["answer 4"]]);
    expect(mostReaders()).toBe(1);
    const closed = client.close();
    await passUntil(time, watched(closed));
  });

  it("begins the next call no sooner than 250 ms after the stream of one that was left was closed", async () => {
    const { space } = await startMinding();
    await using _ = space;
    const { client, session, time } = await leaveCall(space);
    const next = session.predict("chat", [2]);
    await until(() => space.log.includes("cancel"));
    await time.pass(200);
    expect(space.log.filter((route) => route === "join")).toHaveLength(1);
    await passUntil(time, watched(next));
    expect(await next).toEqual(["answer 2"]);
    const closed = client.close();
    await passUntil(time, watched(closed));
  });

  it("goes on at once after a call whose job failed, whatever is left of calls elsewhere", async () => {
    let jobs = 0;
    await using space = await startTestSpace({
      join: ({ reply }) => reply(200, { event_id: eventId((jobs += 1)) }),
      data: (exchange) => {
        if (jobs === 1) exchange.events().send(generating(["some"]));
        else void says(jobs === 2 ? failed({ error: "No." }, eventId(2)) : completed(["in"], eventId(3)))(exchange);
      },
      // Never answered.
      cancel: () => {},
    });
    const client = connectSpace(space.origin);
    await client.endpoints();
    const left = client.submit("chat", []);
    while ((await left.next()).value?.type !== "generating");
    await left.return?.();
    await until(() => space.log.includes("cancel"));
    const session = client.session();
    const time = useVirtualTime();
    expect(await rejection(session.predict("chat", []))).toMatchObject({ code: "space_error" });
    expect(await session.predict("chat", [])).toEqual(["in"]);
    const closed = client.close();
    await passUntil(time, watched(closed));
  });

  it("keeps the order of its calls where its Space wakes between them", async () => {
    await using asleep = await startAsleep(["APP_STARTING"]);
    const { space, hub, wake } = asleep;
    const ran: unknown[] = [];
    const { call, join } = space.handlers;
    const noting = (handler: typeof call) => (exchange: Exchange) =>
      handler({
        ...exchange,
        reply(status, body, headers) {
          if (status === 200) ran.push((exchange.json as { readonly data: readonly unknown[] }).data[0]);
          exchange.reply(status, body, headers);
        },
      });
    let asked = 0;
    space.handlers.call = (exchange) => {
      if ((asked += 1) === 2) wake();
      return noting(call)(exchange);
    };
    space.handlers.join = noting(join);
    const client = connectSpace(space.origin, { hubUrl: hub.origin });
    const session = client.session();
    const time = useVirtualTime();
    const all = Promise.all([1, 2, 3].map((number) => session.predict("chat", [number])));
    await until(() => asleep.polls() === 1);
    await time.pass(500);
    wake();
    await passUntil(time, watched(all));
    expect(ran).toEqual([1, 2, 3]);
    await client.close();
  });
});
