import { describe, expect, it } from "vitest";
import { isLeftOut, OutputFollower, valuesOf } from "../../src/gradio/outputs.ts";
import { connectSpace } from "../../src/gradio/space.ts";
import {
  completed,
  configOf,
  eventId,
  generating,
  says,
  startTestSpace,
  type Exchange,
} from "../servers/test-space.ts";
import { collect } from "../servers/waiting.ts";

const skip = { __type__: "update" };
const off = { interactive: false, visible: true, __type__: "update" };
const accept = ({ reply }: Exchange) => reply(200, { event_id: eventId() });

// As 4.44.1, 5.50.0 and 6.31.0 send them: gr.skip(), a dictionary of outputs without it, gr.update() or a component.
it("tells an output that is left out from one that carries a value, null too", () => {
  for (const output of [skip, off]) expect(isLeftOut(output)).toBe(true);
  for (const output of [{ ...off, value: "x" }, { ...skip, value: null }, {}, null, "update", ["update"], { value: 1 }])
    expect(isLeftOut(output)).toBe(false);
  expect(valuesOf([skip, { ...off, value: null }, "c", off], ["a", "b"])).toEqual(["a", null, "c", undefined]);
});

describe("outputs", () => {
  it("that are left out have the value they had, in edits, among whole values and at the end", async () => {
    const say = says(
      generating(["One", off, [1]]),
      generating([[["append", [], " two"]], [["add", ["value"], "x"]], []]),
      generating([[["replace", [], skip]], [["replace", ["value"], "y"]], [["append", [], [2]]]]),
      generating([[["replace", [], "One two three"]], [["replace", [], skip]], [["replace", [], skip]]]),
      completed([skip, { ...off, value: "z" }, skip]),
    );
    await using space = await startTestSpace({ join: accept, data: say });
    const client = connectSpace(space.origin);
    await client.endpoints();
    expect(await collect(client.submit("chat", []))).toEqual([
      { type: "generating", data: ["One", undefined, [1]] },
      { type: "generating", data: ["One two", "x", [1]] },
      { type: "generating", data: ["One two", "y", [1, 2]] },
      { type: "generating", data: ["One two three", "y", [1, 2]] },
      { type: "completed", data: ["One two three", "z", [1, 2]] },
    ]);
    await client.close();
  });

  it("that are left out of whole values have the value they had", async () => {
    const say = says(generating(["a", 1]), generating([skip, 2]), generating(["ab", skip]), completed([skip, skip]));
    await using space = await startTestSpace({ call: accept, data: say });
    const client = connectSpace(space.origin);
    expect((await collect(client.submit("chat", []))).map((message) => "data" in message && message.data)).toEqual([
      ["a", 1],
      ["a", 2],
      ["ab", 2],
      ["ab", 2],
    ]);
    await client.close();
  });

  it("of an endpoint without a queue are the values of its updates", async () => {
    const dependencies = [{ id: 0, api_name: "run", queue: false }];
    await using space = await startTestSpace({
      config: ({ reply }) => reply(200, configOf({ dependencies })),
      run: ({ reply }) => reply(200, { data: [{ ...off, value: { text: "" } }, skip, "x"] }),
    });
    const client = connectSpace(space.origin);
    await client.endpoints();
    expect(await client.predict("run", [])).toEqual([{ text: "" }, undefined, "x"]);
    await client.close();
  });

  it("whose first message is an edit already are waited out", () => {
    const outputs = new OutputFollower({ whole: false });
    expect(outputs.generating([[], [["append", [], "b"]]])).toBe(false);
    expect(outputs.generating([[], [["append", [], "c"]]])).toBe(false);
    expect(outputs.completed(["x", "abc"])).toEqual(["x", "abc"]);
  });

  it("that are left out at the end, when an edit before could not be followed, are a protocol error", () => {
    const outputs = new OutputFollower({ whole: false });
    outputs.generating([["a"], 1]);
    expect(outputs.generating([[["delete", [4], null]], []])).toBe(false);
    expect(() => outputs.completed([skip, 1])).toThrow(expect.objectContaining({ code: "protocol" }));
  });
});
