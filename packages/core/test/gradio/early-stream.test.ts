import { expect, it } from "vitest";
import { connectSpace } from "../../src/gradio/space.ts";
import { completed, eventId, says, startTestSpace, type Exchange } from "../servers/test-space.ts";
import { rejection } from "../servers/waiting.ts";

/** A Space that answers the first request for a stream like this, and its join behind that. */
function refusing(status: number) {
  const refused = Promise.withResolvers<void>();
  return startTestSpace({
    call: async ({ reply }: Exchange) => {
      await refused.promise;
      reply(200, { event_id: eventId() });
    },
    data: says(completed(["hi"])),
    other: () => {},
  }).then((space) => {
    const { data } = space.handlers;
    space.handlers.data = ({ reply }) => {
      space.handlers.data = data;
      reply(status, { detail: "Not now." });
      refused.resolve();
    };
    return space;
  });
}

it.each([400, 404, 405, 421, 425])(
  "asks again for an early stream that is refused as out of turn: %d",
  async (status) => {
    await using space = await refusing(status);
    const client = connectSpace(space.origin, { earlyStream: true });
    expect(await client.predict("chat", [])).toEqual(["hi"]);
    expect(space.log.filter((entry) => entry === "data")).toHaveLength(2);
    await client.close();
  },
);

it.each([
  [401, "authentication"],
  [429, "rate_limited"],
  [503, "space_unavailable"],
])("tells of a refusal of an early stream that would be repeated: %d", async (status, code) => {
  await using space = await refusing(status);
  const client = connectSpace(space.origin, { earlyStream: true });
  expect(await rejection(client.predict("chat", []))).toMatchObject({ code, status });
  await client.close();
});
