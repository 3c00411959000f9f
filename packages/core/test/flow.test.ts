import { describe, expect, it } from "vitest";
import { FlowIterator } from "../src/flow-iterator.ts";
import { Flow, HIGH_WATER_MARK, type FlowMaker, type FlowReader } from "../src/flow.ts";
import { rejection } from "./servers/waiting.ts";

/** A flow of texts whose maker writes down what it is told. */
function open(maker: Partial<FlowMaker> = {}) {
  const told: string[] = [];
  const flow = new Flow<string>(
    {
      start: () => void told.push("start"),
      pause: () => void told.push("pause"),
      resume: () => void told.push("resume"),
      leave: (reason) => void told.push(`leave ${String(reason)}`),
      over: () => void told.push("over"),
      ...maker,
    },
    (text) => text.length,
  );
  return { flow, told };
}

/** A reader that takes all, and writes down what it is told. */
function reader(take: (value: string) => void = () => {}) {
  const got: string[] = [];
  const all: FlowReader<string> = {
    wants: () => true,
    take(value) {
      got.push(value);
      take(value);
    },
    end: () => void got.push("end"),
    fail: (error) => void got.push(`fail ${String(error)}`),
  };
  return { got, all };
}

const half = "x".repeat(HIGH_WATER_MARK / 2);

describe("a flow", () => {
  it("starts its maker with its first reader, and gives a value in the call that pushes it", () => {
    const { flow, told } = open();
    expect(told).toEqual([]);
    const { got, all } = reader();
    flow.read(all);
    flow.push("a");
    expect(got).toEqual(["a"]);
    flow.end();
    flow.push("late");
    expect(got).toEqual(["a", "end"]);
    expect(told).toEqual(["start", "over"]);
  });

  it("fails with what its maker throws at the start", () => {
    const { flow } = open({
      start() {
        throw new Error("no");
      },
    });
    const { got, all } = reader();
    flow.read(all);
    expect(got).toEqual(["fail Error: no"]);
  });

  it("counts what waits by its size: one large value pauses the maker, many small ones do not", () => {
    const { flow, told } = open();
    const iterator = new FlowIterator(flow);
    void iterator.next();
    flow.push("first");
    for (let count = 0; count < 10_000; count += 1) flow.push("x");
    expect(told).toEqual(["start"]);
    flow.push(half + half);
    expect(told).toEqual(["start", "pause"]);
    expect(flow.weight).toBe(10_000 + HIGH_WATER_MARK);
  });

  it("resumes its maker once half of what may wait was read", async () => {
    const { flow, told } = open();
    const iterator = new FlowIterator(flow);
    void iterator.next();
    for (const text of ["first", half, half, "x"]) flow.push(text);
    expect(told).toEqual(["start", "pause"]);
    await iterator.next();
    expect(told).toEqual(["start", "pause"]);
    await iterator.next();
    expect(told).toEqual(["start", "pause", "resume"]);
  });

  it("with a mark of 0 pauses its maker as soon as anything waits", async () => {
    const { flow, told } = open();
    flow.mark = 0;
    const iterator = new FlowIterator(flow);
    void iterator.next();
    flow.push("a");
    expect(told).toEqual(["start"]);
    flow.push("b");
    expect(told).toEqual(["start", "pause"]);
    expect(await iterator.next()).toEqual({ done: false, value: "b" });
    expect(told).toEqual(["start", "pause", "resume"]);
  });

  it("passes a reader's pause on at once, and holds what still comes", () => {
    const { flow, told } = open();
    const { got, all } = reader();
    flow.read(all);
    flow.pause();
    flow.push("a");
    flow.push("b");
    flow.end();
    expect(got).toEqual([]);
    flow.resume();
    expect(got).toEqual(["a", "b", "end"]);
    expect(told).toEqual(["start", "pause", "over"]);
  });

  it("gives each value once and in order, though the reader pauses and resumes over it", () => {
    const { flow } = open();
    const { got, all } = reader(() => {
      flow.pause();
      flow.resume();
    });
    flow.read(all);
    flow.pause();
    for (const text of ["a", "b", "c"]) flow.push(text);
    flow.resume();
    flow.push("d");
    expect(got).toEqual(["a", "b", "c", "d"]);
  });

  it("tells its reader what that itself threw, and leaves the maker", () => {
    const { flow, told } = open();
    const { got, all } = reader((value) => {
      if (value === "b") throw new Error("mine");
    });
    flow.read(all);
    for (const text of ["a", "b", "c"]) flow.push(text);
    expect(got).toEqual(["a", "b", "fail Error: mine"]);
    expect(told).toEqual(["start", "leave Error: mine", "over"]);
  });

  it("that is aborted forgets what waits, an end behind it too", async () => {
    const { flow, told } = open();
    const iterator = new FlowIterator(flow);
    void iterator.next();
    for (const text of ["a", "b", "c"]) flow.push(text);
    flow.end();
    flow.abort(new Error("gone"));
    expect(await rejection(iterator.next())).toEqual(new Error("gone"));
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    expect(told).toEqual(["start", "over"]);
  });
});

describe("the flow of an iteration", () => {
  it("is had by identity: not from a wrapper, a copy, a proxy, nor once it was begun", () => {
    const iteration = () => new FlowIterator(open().flow);
    const begun = iteration();
    void begun.next();
    const iterated = iteration();
    iterated[Symbol.asyncIterator]();
    const proxied = new Proxy(iteration(), {});
    const whole = iteration();
    for (const one of [begun, iterated, proxied, { [Symbol.asyncIterator]: () => whole }])
      expect(FlowIterator.claim(one)).toBeUndefined();
    expect(FlowIterator.claim(whole)).toBeInstanceOf(Flow);
    expect(FlowIterator.claim(whole)).toBeUndefined();
    expect(() => whole[Symbol.asyncIterator]()).toThrow(TypeError);
  });
});
