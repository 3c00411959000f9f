import { describe, expect, it } from "vitest";
import type { ProviderPart } from "../../src/part.ts";
import { createSpaceProvider } from "../../src/gradio/space-provider.ts";
import type { OutputSchema, SchemaBuilders, SpaceDefinition } from "../../src/gradio/space-definition.ts";
import { completed, eventId, says, startTestSpace } from "../servers/test-space.ts";
import { collect, rejection } from "../servers/waiting.ts";

type Model = { readonly id: string };
const accept: OutputSchema = { "~standard": { version: 1, validate: () => ({}) } };

function definition(space: string, change: Readonly<Record<string, unknown>> = {}): SpaceDefinition<string, Model> {
  const whole: SpaceDefinition<string, Model> = {
    id: "mine",
    space,
    models: [{ id: "mine-1" }],
    endpoint: "chat",
    fnIndex: 0,
    inputs: () => ["Hi"],
    outputs: accept,
    answer: { at: [0] },
  };
  return { ...whole, ...change };
}

const BAD: Readonly<Record<string, readonly unknown[]>> = {
  id: [undefined, 5, "", "a/b"],
  models: [undefined, [], "m", [5], [{}], [{ id: 5 }]],
  endpoint: [undefined, 5, ""],
  fnIndex: [Number.NaN, "0", -1, 0.5],
  apiPrefix: [5],
  inputs: [undefined, 5],
  outputs: [undefined, {}, { "~standard": {} }],
  answer: [undefined, "x"],
};
const BAD_ANSWERS: Readonly<Record<string, readonly unknown[]>> = {
  at: [undefined, 5, [], ["text"], [Number.NaN], [0, {}]],
  placeholders: ["x", [5]],
  footer: ["x", {}, { from: "", to: "" }],
  read: [5],
};

describe("the definition of a Space", () => {
  it("that is none is a TypeError when the provider is made, which names what is wrong", () => {
    const make = (given: unknown) => () => createSpaceProvider(given as SpaceDefinition<string, Model>);
    for (const none of [undefined, null, 5, []]) expect(make(none), String(none)).toThrow(/^`definition` must be/);
    for (const [name, values] of Object.entries(BAD))
      for (const value of values)
        expect(make(definition("a/b", { [name]: value })), name).toThrow(new RegExp(`^\`${name}\` must be`));
    for (const [name, values] of Object.entries(BAD_ANSWERS))
      for (const value of values)
        expect(make(definition("a/b", { answer: { at: [0], [name]: value } })), name).toThrow(
          new RegExp(`^\`answer.${name}\` must be`),
        );
    expect(make(definition("a/b", { fnIndx: 3 }))).toThrow('Did you mean "fnIndex"?');
    for (const options of [null, 5, "a-token", []])
      expect(() => createSpaceProvider(definition("a/b"), options as never)).toThrow(/^`options` must be/);
  });

  it("is read once, and its functions stay methods of its owner", async () => {
    class Mine {
      readonly #question = "Hi";
      readonly id = "mine";
      readonly endpoint = "chat";
      readonly fnIndex = 0;
      readonly models: [Model] = [{ id: "mine-1" }];
      readonly #schema = accept;
      readonly answer = { at: [0] as [number] };
      readonly space: string;
      constructor(space: string) {
        this.space = space;
      }
      inputs(): readonly unknown[] {
        return [this.#question];
      }
      outputs(): OutputSchema {
        return this.#schema;
      }
    }
    await using space = await startTestSpace({
      join: ({ reply }) => reply(200, { event_id: eventId() }),
      data: says(completed(["Hello"])),
    });
    const mine = new Mine(space.origin);
    const provider = createSpaceProvider(mine);
    Object.assign(mine, { endpoint: "other", fnIndex: 9, inputs: undefined, outputs: undefined });
    mine.answer.at[0] = 5;
    const parts: ProviderPart[] = await collect(provider.stream({ messages: [{ role: "user", content: "Hi" }] }));
    expect(parts[0]).toEqual({ type: "text-delta", text: "Hello" });
    expect(space.requests.find(({ route }) => route === "join")?.json).toMatchObject({ data: ["Hi"], fn_index: 0 });
    await provider.close?.();
  });

  it("whose schema gives no result ends the call with a TypeError that says so", async () => {
    await using space = await startTestSpace({
      join: ({ reply }) => reply(200, { event_id: eventId() }),
      data: says(completed(["Hello"])),
    });
    for (const result of [null, undefined, "x", { issues: "bad" }, { issues: 5 }]) {
      const outputs = { "~standard": { version: 1 as const, validate: () => result as never } };
      const provider = createSpaceProvider(definition(space.origin, { outputs }));
      const error = await rejection(collect(provider.stream({ messages: [{ role: "user", content: "Hi" }] })));
      expect(error, JSON.stringify(result)).toEqual(
        new TypeError("`outputs` of a Space must be a schema that gives `{ value }`, or `{ issues }` as a list."),
      );
      await provider.close?.();
    }
  });

  it("whose schema is to be made of builders has it made with the first call, once", async () => {
    await using space = await startTestSpace({
      join: ({ reply }) => reply(200, { event_id: eventId() }),
      data: says(completed(["Hello"])),
    });
    let made = 0;
    const outputs = ({ string, tuple }: SchemaBuilders) => {
      made += 1;
      return tuple([string()]);
    };
    const provider = createSpaceProvider(definition(space.origin, { outputs }));
    expect(made).toBe(0);
    for (let call = 0; call < 2; call += 1) {
      const parts = await collect(provider.stream({ messages: [{ role: "user", content: "Hi" }] }));
      expect(parts[0]).toEqual({ type: "text-delta", text: "Hello" });
    }
    expect(made).toBe(1);
    await provider.close?.();
  });

  it("is held to the schema that was made of builders", async () => {
    await using space = await startTestSpace({
      join: ({ reply }) => reply(200, { event_id: eventId() }),
      data: says(completed(["Hello"])),
    });
    const outputs = ({ number, tuple }: SchemaBuilders) => tuple([number()]);
    const provider = createSpaceProvider(definition(space.origin, { outputs }));
    const error = await rejection(collect(provider.stream({ messages: [{ role: "user", content: "Hi" }] })));
    expect(error).toMatchObject({ code: "protocol", message: expect.stringContaining("another shape") });
    await provider.close?.();
  });

  it("whose function makes no schema ends each call with what is wrong, and sends nothing", async () => {
    await using space = await startTestSpace({});
    const failure = new RangeError("mine");
    const makers: readonly (readonly [() => never, unknown])[] = [
      [
        () => {
          throw failure;
        },
        failure,
      ],
      [
        () => undefined as never,
        expect.objectContaining({ message: expect.stringMatching(/`outputs` must be a schema/) }),
      ],
      [
        () => Promise.resolve() as never,
        new TypeError("`outputs` must return its value at once; it returned a promise."),
      ],
    ];
    for (const [outputs, expected] of makers) {
      const provider = createSpaceProvider(definition(space.origin, { outputs }));
      for (let call = 0; call < 2; call += 1)
        expect(await rejection(collect(provider.stream({ messages: [{ role: "user", content: "Hi" }] })))).toEqual(
          expected,
        );
      await provider.close?.();
    }
    expect(space.requests).toEqual([]);
  });
});
