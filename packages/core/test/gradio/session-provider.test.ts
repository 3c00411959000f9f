import { describe, expect, it } from "vitest";
import { inspectSpace, createSessionProvider } from "../../src/gradio/session-provider.ts";
import type { AnsweringSession, SessionDefinition, SessionReader } from "../../src/gradio/session-definition.ts";
import type { ModelInfo } from "../../src/provider.ts";
import { ask, shownText } from "../servers/chat-provider.ts";
import { completed, eventId, failed, generating, says, startTestSpace } from "../servers/test-space.ts";
import { collect, rejection, until } from "../servers/waiting.ts";

type Mine = SessionDefinition<string, ModelInfo, string>;

function provider(space: string, answer: Mine["answer"], change: Readonly<Record<string, unknown>> = {}) {
  const whole: Mine = { id: "mine", models: [{ id: "m" }], space, plan: () => "plan", isSame: () => true, answer };
  return createSessionProvider({ ...whole, ...change });
}

/** A reader of an output that is the answer. */
function reader(change: Partial<SessionReader> = {}): SessionReader {
  let text = "";
  return {
    output: 0,
    look(value) {
      text = String(value);
      return { parts: [{ type: "text-replace", text }], watch: { path: [], text } };
    },
    grow(piece) {
      text += piece;
      return [{ type: "text-delta", text: piece }];
    },
    end: () => [],
    text: () => text,
    ...change,
  };
}

async function late(): Promise<never> {
  throw new Error("late");
}
const CARELESS: readonly (readonly [name: keyof SessionReader, give: () => unknown])[] = [
  ["look", () => 5],
  ["look", late],
  ["look", () => ({ parts: 5 })],
  ["grow", () => undefined],
  ["grow", late],
  ["end", late],
];
const queued = { fnIndex: 0, queue: true };
const follow = (session: AnsweringSession, change?: Partial<SessionReader>): Promise<void> =>
  session.follow(queued, ["q"], reader(change));

describe("a definition that answers in a session", () => {
  it("that is none is a TypeError when the provider is made, which names what is wrong", () => {
    for (const none of [undefined, null, 5, []])
      expect(() => createSessionProvider(none as never), String(none)).toThrow(/^`definition` must be/);
    const bad = { id: [5, ""], models: [[], 5], plan: [undefined, 5], isSame: [undefined, 5], answer: [undefined, 5] };
    for (const [name, values] of Object.entries(bad))
      for (const value of values)
        expect(() => provider("a/b", () => Promise.resolve(), { [name]: value }), name).toThrow(
          new RegExp(`^\`${name}\` must be`),
        );
    expect(() => provider("a/b", () => Promise.resolve(), { anwser: 5 })).toThrow('Did you mean "answer"?');
  });

  it("is read once, and its functions stay methods of its owner", async () => {
    await using space = await startTestSpace({ data: says(completed(["said"])) });
    class Owner implements Mine {
      id = "mine";
      models = [{ id: "m" }] as const;
      space = space.origin;
      inputs = ["mine"];
      plan = (): string => "plan";
      isSame = (): boolean => true;
      answer(_: unknown, { follow: followed }: AnsweringSession): Promise<void> {
        return followed(queued, this.inputs, reader());
      }
    }
    const owner = new Owner();
    const made = createSessionProvider(owner);
    owner.answer = () => Promise.reject(new Error("It was read again."));
    expect(shownText(await collect(ask(made)))).toBe("said");
    expect(space.requests.find(({ route }) => route === "join")?.json).toMatchObject({ data: ["mine"] });
    await made.close?.();
  });

  it("that looks with no function is a TypeError", async () => {
    for (const options of [undefined, null, {}, { look: 5 }])
      expect(await rejection(inspectSpace("a/b", options as never))).toMatchObject({
        name: "TypeError",
        message: expect.stringMatching(/^`(?:options|look)` must be/),
      });
  });

  it("leaves no job behind: what still runs is stopped as the answer ends, and nothing is begun then", async () => {
    await using space = await startTestSpace({ data: ({ events }) => events().send(generating(["half"])) });
    const sessions: AnsweringSession[] = [];
    const streams = (): number => space.log.filter((route) => route === "data").length;
    const answers: readonly Mine["answer"][] = [
      async (_, session) => {
        sessions.push(session);
        void follow(session);
        await until(() => streams() === 1);
      },
      async (_, session) => {
        void follow(session);
        await until(() => streams() === 2);
        throw new Error("The answer's own.");
      },
    ];
    for (const answer of answers) {
      const made = provider(space.origin, answer);
      await collect(ask(made)).catch(() => {});
      await made.close?.();
    }
    await until(() => space.log.filter((line) => line === "close data").length === 2);
    const [session] = sessions;
    if (session === undefined) throw new Error("It was never asked.");
    expect(await rejection(follow(session))).toMatchObject({ name: "TypeError" });
    expect(space.log.filter((line) => line === "join")).toHaveLength(2);
  });

  it("runs one endpoint at a time: a second one beside it is a TypeError, and both are over", async () => {
    await using space = await startTestSpace();
    const made = provider(space.origin, async (_, session) => {
      await Promise.all([session.run(queued, []), follow(session)]);
    });
    expect(await rejection(collect(ask(made)))).toMatchObject({ name: "TypeError" });
    await made.close?.();
    expect(space.log.filter((line) => line === "join").length).toBeLessThan(2);
  });

  it("ends no process by what it does not wait for", async () => {
    await using space = await startTestSpace({ data: says(failed({ error: "no" })) });
    const made = provider(space.origin, async (_, session) => {
      void session.run(queued, []);
      await until(() => space.log.includes("data"));
      await new Promise((resolve) => setTimeout(resolve, 20));
    });
    expect(shownText(await collect(ask(made)))).toBe("");
    await made.close?.();
  });

  it.each(CARELESS)(
    "whose reader gives no parts at once by `%s` ends its call with a TypeError that says so",
    async (name, give) => {
      const last = completed([name === "end" ? { __type__: "update" } : "one two"], eventId());
      await using space = await startTestSpace({
        data: says(generating(["one"]), generating([[["append", [], " two"]]]), last),
      });
      const made = provider(space.origin, (_, session) => follow(session, { [name]: give }));
      expect(await rejection(collect(ask(made)))).toMatchObject({
        name: "TypeError",
        message: expect.stringContaining(`\`${name}()\``),
      });
      await made.close?.();
    },
  );

  it("whose reader cannot tell its text hears all the same that the stream was cut", async () => {
    await using space = await startTestSpace({
      data({ events }) {
        const { send, end } = events();
        send(generating(["half"]));
        end();
      },
    });
    const text = (): string => {
      throw new Error("It cannot.");
    };
    const made = provider(space.origin, (_, session) => follow(session, { text }));
    expect(await rejection(collect(ask(made)))).toMatchObject({ code: "stream_interrupted" });
    await made.close?.();
  });
});
