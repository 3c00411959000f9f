import { describe, expect, it } from "vitest";
import { connectSpace } from "../../src/gradio/space.ts";
import { passUntil, watched } from "../servers/asleep-space.ts";
import { completed, configOf, failed, oneJob, says, startTestSpace } from "../servers/test-space.ts";
import { rejection, useVirtualTime } from "../servers/waiting.ts";

/** What an app has, in the order of its functions: how many inputs each takes. */
type Functions = Readonly<Record<string, number>>;

/** A Space that may be deployed anew: a function says its name, and fails where it gets too few inputs. */
async function startDeployed(first: Functions) {
  let functions = Object.entries(first);
  const run = (index: number, data: readonly unknown[]): unknown => {
    const [name, count = 0] = functions[index] ?? [];
    return data.length < count ? failed({ error: null }) : completed([name]);
  };
  let said: unknown;
  const space = await startTestSpace({
    config: ({ reply }) =>
      reply(
        200,
        configOf({
          dependencies: functions.map(([name, count], id) => ({
            id,
            api_name: name,
            inputs: Array.from({ length: count }, (_, input) => input),
          })),
          components: [0, 1].map((id) => ({ id, type: "textbox", props: { value: "default" } })),
        }),
      ),
    other: ({ reply }) => reply(200, {}),
    call: (exchange) => {
      said = completed([functions[0]?.[0]]);
      oneJob.call(exchange);
    },
    join: (exchange) => {
      const { fn_index: index, data } = exchange.json as { readonly fn_index: number; readonly data: unknown[] };
      said = run(index, data);
      oneJob.join(exchange);
    },
    data: (exchange) => says(said)(exchange),
  });
  return { space, deploy: (next: Functions) => void (functions = Object.entries(next)) };
}

describe("a Space that was deployed anew", () => {
  it.each<[string, Functions, RegExp]>([
    ["with its functions in another order", { other: 1, chat: 1 }, /"chat" in another place than before/],
    ["without the endpoint", { other: 1 }, /no endpoint "chat" any more/],
    ["with fewer inputs", { chat: 0, other: 1 }, /"chat" takes 0 inputs now, and got 1/],
  ])(
    "%s ends a call with `space_changed` 600,000 ms after it was looked at, and answers none by another function",
    async (...[, next, words]) => {
      const { space, deploy } = await startDeployed({ chat: 1, other: 1 });
      await using _ = space;
      const client = connectSpace(space.origin);
      const time = useVirtualTime();
      const ask = async (): Promise<unknown> => {
        const asked = client.predict("chat", ["Hi"]).catch((error: unknown) => error);
        await passUntil(time, watched(asked));
        return asked;
      };
      expect(await ask()).toEqual(["chat"]);
      expect(await ask()).toEqual(["chat"]);
      deploy(next);
      await time.pass(600_001);
      expect(await ask()).toMatchObject({ code: "space_changed", message: expect.stringMatching(words) });
      if (next["chat"] === 1) expect(await ask()).toEqual(["chat"]);
      await client.close();
    },
  );

  it("is looked at behind a call that fails without saying why, 10,000 ms after it was looked at", async () => {
    const { space, deploy } = await startDeployed({ chat: 1 });
    await using _ = space;
    const client = connectSpace(space.origin);
    const time = useVirtualTime();
    await client.endpoints();
    const looks = (): number => space.log.filter((route) => route === "config").length;
    deploy({ chat: 2 });
    expect(await rejection(client.predict("chat", ["Hi"]))).toMatchObject({ code: "space_error", hidden: true });
    expect(looks()).toBe(1);
    await time.pass(10_001);
    const asked = rejection(client.predict("chat", ["Hi"]));
    await passUntil(time, watched(asked));
    expect(await asked).toMatchObject({
      code: "space_changed",
      message: expect.stringContaining(`"chat" takes 2 inputs now, and got 1`),
    });
    expect(await client.predict("chat", ["Hi"])).toEqual(["chat"]);
    await client.close();
  });

  it("costs nothing where it is what it was: one look in 600,000 ms", async () => {
    const { space } = await startDeployed({ chat: 1 });
    await using _ = space;
    const client = connectSpace(space.origin);
    const time = useVirtualTime();
    for (let call = 0; call < 25; call += 1) {
      const asked = client.predict("chat", ["Hi"]);
      await passUntil(time, watched(asked));
      expect(await asked).toEqual(["chat"]);
      await time.pass(60_000);
    }
    expect(space.log.filter((route) => route === "config")).toHaveLength(3);
    await client.close();
  });
});
