import { beforeAll, describe, expect, it } from "vitest";
import { wakings } from "../../src/gradio/loaded-later.ts";
import { connectSpace } from "../../src/gradio/space.ts";
import { passUntil, startAsleep, watched } from "../servers/asleep-space.ts";
import { configOf } from "../servers/test-space.ts";
import { rejection, useVirtualTime } from "../servers/waiting.ts";

// What is loaded takes time that is none of a test's.
beforeAll(async () => void (await wakings.load()));

describe("a Space that sleeps", () => {
  it.each<[string, readonly (string | number)[]]>([
    ["the first look, after which it has its own error", ["silent"]],
    ["a later look, after which it is looked at again", ["SLEEPING", "silent", "RUNNING"]],
    ["each but the first, while its own host answers", ["SLEEPING", "silent"]],
  ])("is waited for 5,000 ms at most where its hub takes the connection and never answers: %s", async (_, stages) => {
    await using asleep = await startAsleep(stages);
    const { space, hub, polls, wake } = asleep;
    const { other } = hub.handlers;
    hub.handlers.other = (exchange) => {
      if (stages[polls()] !== "silent") return other(exchange);
      if (stages.length === 2) wake();
      return other({ ...exchange, reply: () => {} });
    };
    await rejection(connectSpace(space.origin).predict("chat", []));
    const client = connectSpace(space.origin, { hubUrl: hub.origin });
    const time = useVirtualTime();
    const startedAt = performance.now();
    const asked = client.predict("chat", ["Hi"]).catch((error: unknown) => error);
    await passUntil(time, watched(asked));
    expect(polls()).toBe(stages.length);
    if (stages.length > 1) expect(await asked).toEqual(["awake"]);
    else expect(await asked).toMatchObject({ code: "space_unavailable", status: 503 });
    // Each look has 5,000 ms; time goes on while sockets are waited for.
    expect(performance.now() - startedAt).toBeLessThan(20_000);
    await client.close();
  });

  it("is looked at again after 5,000 ms where its own host takes a connection and never answers", async () => {
    await using asleep = await startAsleep(["SLEEPING", "RUNNING"]);
    const { space, hub, polls } = asleep;
    await rejection(connectSpace(space.origin).predict("chat", []));
    space.handlers.config = () => {};
    const client = connectSpace(space.origin, { hubUrl: hub.origin });
    const time = useVirtualTime();
    const startedAt = performance.now();
    const asked = client.predict("chat", []);
    await passUntil(time, watched(asked));
    expect(await asked).toEqual(["awake"]);
    expect(polls()).toBe(2);
    // Each look has 5,000 ms; time goes on while sockets are waited for.
    expect(performance.now() - startedAt).toBeLessThan(20_000);
    space.handlers.config = ({ reply }) => reply(200, configOf({}));
    const closed = client.close();
    await passUntil(time, watched(closed));
  });

  it.each<[string | number, object]>([
    ["PAUSED", { code: "space_unavailable", message: expect.stringContaining("(PAUSED)") }],
    ["RUNNING", { code: "space_unavailable", status: 503 }],
    [403, { code: "authentication" }],
    [500, { code: "space_unavailable", status: 503 }],
  ])(
    "is looked at once a second where its hub says %s, and each call that fails hears at once",
    async (stage, expected) => {
      await using asleep = await startAsleep([stage]);
      asleep.space.handlers.call = ({ reply }) => reply(503, "");
      const client = connectSpace(asleep.space.origin, { hubUrl: asleep.hub.origin });
      await rejection(connectSpace(asleep.space.origin).predict("chat", []));
      const time = useVirtualTime();
      const errors: unknown[] = [];
      for (let call = 0; call < 3; call += 1) errors.push(await rejection(client.predict("chat", [])));
      expect(errors).toEqual(Array.from({ length: 3 }, () => expect.objectContaining(expected)));
      expect(new Set(errors).size).toBe(3);
      expect(asleep.polls()).toBe(1);
      await time.pass(1000);
      await rejection(client.predict("chat", []));
      expect(asleep.polls()).toBe(2);
      await client.close();
    },
  );
});
