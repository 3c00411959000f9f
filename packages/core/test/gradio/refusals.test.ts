import { expect, test } from "vitest";

import { createRouter } from "../../src/router/router.ts";
import { chatProvider } from "../servers/chat-provider.ts";
import { completed, configOf, eventId, says, startTestSpace } from "../servers/test-space.ts";
import { rejection } from "../servers/waiting.ts";

const messages = [{ role: "user", content: "Hi" }] as const;

/** A Space that refuses every job, and whose endpoint takes so many inputs. */
const refusing = (status: number, inputs?: readonly number[]) =>
  startTestSpace({
    join: ({ reply }) => reply(status, { detail: "no" }),
    config: ({ reply }) => reply(200, configOf({ dependencies: [{ id: 0, api_name: "chat", queue: true, inputs }] })),
  });

test.each([
  [400, [1], "unsupported"],
  [422, [1], "unsupported"],
  [422, undefined, "unsupported"],
  [413, [1], "context_length_exceeded"],
  [422, [1, 2], "space_changed"],
  [400, [], "space_changed"],
] as const)("status %i where /config tells of inputs %j is %s, asked once", async (status, inputs, code) => {
  await using space = await refusing(status, inputs);
  const router = createRouter({ plugins: [chatProvider({ space: space.origin })], breaker: { minimumCalls: 1 } });
  expect(await rejection(router.complete({ model: "model", messages }))).toMatchObject({ code });
  expect(space.requests.filter(({ route }) => route === "join")).toHaveLength(1);
  expect(router.health()).toMatchObject([{ breaker: code === "space_changed" ? "open" : "closed" }]);
  await router.close();
});

test("what one Space refuses, the next candidate is asked", async () => {
  await using strict = await refusing(422, [1]);
  await using mirror = await startTestSpace({
    join: ({ reply }) => reply(200, { event_id: eventId() }),
    data: says(completed(["Hello"])),
  });
  const plugins = [
    chatProvider({ space: strict.origin }),
    chatProvider({ space: mirror.origin, id: "mirror" }),
  ] as const;
  const router = createRouter({ plugins, routes: { r: ["test/model", "mirror/model"] } });
  expect(await router.complete({ model: "r", messages })).toMatchObject({ provider: "mirror", text: "Hello" });
  await router.close();
});
