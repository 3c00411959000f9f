import { describe, expect, it } from "vitest";
import { connectSpace } from "../../src/gradio/space.ts";
import { ask, chatProvider } from "../servers/chat-provider.ts";
import {
  completed,
  generating,
  oneJob,
  says,
  startTestSpace,
  starts,
  type Events,
  type Exchange,
} from "../servers/test-space.ts";
import { expectLinear, heldMb } from "../cost.ts";
import { collect, settle } from "../servers/waiting.ts";

describe("what a Space hands out is its caller's", () => {
  it("to change, which changes no value that comes later", async () => {
    const talk = says(
      generating([[["q", { text: "a" }]], "x"]),
      generating([[["append", [0, 1, "text"], "b"]], []]),
      generating([[], [["append", [], "y"]]]),
      completed([[["q", { text: "ab" }]], { __type__: "update" }]),
    );
    await using space = await startTestSpace({ ...oneJob, data: talk });
    const client = connectSpace(space.origin);
    await client.endpoints();
    const seen: unknown[] = [];
    for await (const message of client.submit("chat", [])) {
      if (message.type !== "generating" && message.type !== "completed") continue;
      seen.push(structuredClone(message.data));
      const [chat] = message.data as [[string, { text: string }][]];
      const [row] = chat;
      if (row !== undefined) row[1].text = "mine";
      chat.push(["mine", { text: "mine" }]);
      (message.data as unknown[])[1] = "mine";
    }
    expect(seen).toEqual([
      [[["q", { text: "a" }]], "x"],
      [[["q", { text: "ab" }]], "x"],
      [[["q", { text: "ab" }]], "xy"],
      [[["q", { text: "ab" }]], "xy"],
    ]);
    await client.close();
  });

  it("to change: its address and its endpoints stay where calls go", async () => {
    await using space = await startTestSpace({ ...oneJob, data: says(completed(["hi"])) });
    const client = connectSpace(space.origin);
    client.url.port = "1";
    const endpoints = (await client.endpoints()) as unknown[];
    Object.assign(endpoints[0] ?? {}, { name: "/mine", fnIndex: 7 });
    endpoints.length = 0;
    expect(await client.predict("chat", [])).toEqual(["hi"]);
    expect(await client.endpoints()).toMatchObject([{ name: "/chat", fnIndex: 0 }]);
    await client.close();
  });

  it("to change: the limits of a provider stay those that it was made with", async () => {
    await using space = await startTestSpace({ ...oneJob, data: says(completed(["hi"])) });
    const provider = chatProvider({ space: space.origin, timeouts: { totalMs: 5000 } });
    Object.assign(provider.timeouts ?? {}, { totalMs: Number.NaN });
    expect(await collect(ask(provider))).toContainEqual(expect.objectContaining({ type: "text-delta", text: "hi" }));
    await provider.close?.();
  });
});

const ROWS = 100_000;
const list = (rows = ROWS): readonly number[] => Array.from({ length: rows }, () => 0);
const changes = (count: number): readonly unknown[] =>
  Array.from({ length: count }, (_, index) => generating([[["replace", [0], index]]]));

describe("a large value that changes little", () => {
  it("waits once for a reader who lags, not once a change", async () => {
    const told = Promise.withResolvers<Events>();
    const data = ({ events }: Exchange): void => {
      const stream = events();
      stream.send(starts(), generating([list()]), ...changes(1000));
      told.resolve(stream);
    };
    await using space = await startTestSpace({ ...oneJob, data });
    const client = connectSpace(space.origin);
    await client.endpoints();
    const before = heldMb();
    const job = client.submit("chat", []);
    await job.next();
    await told.promise;
    await settle();
    expect(heldMb() - before).toBeLessThan(100);
    await job.return?.();
    await client.close();
  });

  it("takes who waits for the last one no time that grows with both", async () => {
    await using space = await startTestSpace(oneJob);
    const client = connectSpace(space.origin);
    await client.endpoints();
    await expectLinear(async (rows) => {
      space.handlers.data = says(generating([list(rows)]), ...changes(rows / 50), completed(["last"]));
      expect(await client.predict("chat", [])).toEqual(["last"]);
    }, 80_000);
    await client.close();
  });

  it.each<[string, (index: number) => readonly unknown[], (size: number) => unknown]>([
    ["a list", (index) => ["replace", [0], index], list],
    [
      "an object",
      (index) => ["replace", ["field0"], index],
      (size) => Object.fromEntries(list(size).map((value, index) => [`field${index}`, value])),
    ],
  ])("costs who reads each what its messages are long: %s", async (_, edit, value) => {
    await using space = await startTestSpace(oneJob);
    const client = connectSpace(space.origin);
    await client.endpoints();
    await expectLinear(async (size) => {
      const edits = Array.from({ length: size }, (_unused, index) => generating([[edit(index)]]));
      space.handlers.data = says(generating([value(size)]), ...edits, completed([value(size)]));
      const told: unknown[] = [];
      for await (const { type } of client.submit("chat", []))
        if (type === "generating" || type === "completed") told.push(type);
      expect(told.length).toBeGreaterThan(100);
      expect(told.at(-1)).toBe("completed");
    }, 4000);
    await client.close();
  });

  it("is told later where it changes often, with all that has changed until then", async () => {
    const edits = Array.from({ length: 40 }, (_, index) => generating([[["replace", [index], 1]]]));
    await using space = await startTestSpace({
      ...oneJob,
      data: says(generating([list()]), ...edits, completed(["last"])),
    });
    const client = connectSpace(space.origin);
    await client.endpoints();
    const sums: unknown[] = [];
    for await (const message of client.submit("chat", [])) {
      if (message.type === "completed") sums.push(message.data[0]);
      if (message.type !== "generating") continue;
      const [rows] = message.data as [number[]];
      sums.push(rows.slice(0, 40).reduce((sum, row) => sum + row));
    }
    expect(sums.length).toBeLessThan(40);
    expect(sums).toEqual([...Array.from({ length: sums.length - 1 }, (_, index) => index), "last"]);
    await client.close();
  });

  it("is told whole for each change, in order and with its end, to who reads it", async () => {
    const data = ({ events }: Exchange): void => {
      const stream = events();
      stream.send(generating([list(4000)]), ...changes(50), completed([1]));
      stream.end();
    };
    await using space = await startTestSpace({ ...oneJob, data });
    const client = connectSpace(space.origin);
    await client.endpoints();
    const firsts: unknown[] = [];
    for await (const message of client.submit("chat", [])) {
      if (message.type === "generating") firsts.push((message.data as [number[]])[0][0]);
      else firsts.push(message.type);
    }
    expect(firsts).toEqual([0, ...Array.from({ length: 50 }, (_, index) => index), "completed"]);
    await client.close();
  });
});
