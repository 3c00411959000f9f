import { describe, expect, it } from "vitest";
import { connectSpace } from "../../src/gradio/space.ts";
import { passUntil, startAsleep, watched } from "../servers/asleep-space.ts";
import { configOf } from "../servers/test-space.ts";
import { rejection, useVirtualTime } from "../servers/waiting.ts";

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
    expect(performance.now() - startedAt).toBeLessThanOrEqual(7000);
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
    expect(performance.now() - startedAt).toBeLessThanOrEqual(7000);
    space.handlers.config = ({ reply }) => reply(200, configOf({}));
    const closed = client.close();
    await passUntil(time, watched(closed));
  });
});
