import { type SpaceName, startProtocolApp, startSpace } from "@qwen/local-spaces";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { shareOf } from "../../../../test/share.ts";
import { startEmulator } from "../../src/emulator/emulator.ts";
import { createSpaceEmulator, type GradioVersion } from "../../src/index.ts";
import { type Target, targetOf } from "../gradio-calls.ts";
import {
  type Action,
  called,
  cancelled,
  config,
  inOneSession,
  left,
  listened,
  masked,
  posted,
  queued,
  turns,
} from "./alike.ts";
import { protocolAnswer, protocolSpace } from "./protocol-space.ts";

interface Running extends AsyncDisposable {
  readonly url: string;
}

/** Does the same with a real app and with the emulator, and compares all that came of it. */
function alike(
  version: GradioVersion,
  start: { real(): Promise<Running>; emulator(): Promise<Running> },
  actions: readonly Action[],
): void {
  let real: Target;
  let emulated: Target;
  const running: Running[] = [];

  beforeAll(async () => {
    running.push(await start.real(), await start.emulator());
    [real, emulated] = running.map(({ url }) => targetOf({ url, version })) as [Target, Target];
  });
  afterAll(() => Promise.all(running.map((server) => server[Symbol.asyncDispose]())));

  test.each(shareOf(actions, 1 / 4))("$name", async ({ run }) => {
    const [expected, actual] = await Promise.all([run(real), run(emulated)]);
    expect(masked(actual)).toEqual(masked(expected));
  });
}

const refusals = (api: string): readonly Action[] => [
  posted("/queue/join", { data: [], fn_index: 0 }),
  posted("/queue/join", { data: [], session_hash: "s" }),
  posted("/queue/join", { data: [], fn_index: 99, session_hash: "s" }),
  posted("/call/nobody", { data: [] }),
  posted(`/call/${api}`, { foo: 1 }),
  posted("/run/nobody", { data: [] }),
  posted("/cancel", {}),
  posted("/cancel", { event_id: "x", session_hash: "y", fn_index: 0 }),
  posted("/upload", {}),
  listened("/queue/data?session_hash=nobody"),
  listened(`/call/${api}/nobody`),
];

const SCRIPTS = [
  "hello",
  "script:repeat",
  "script:unicode",
  "script:long 4000 20",
  "script:rewrite",
  "script:indented",
  "script:empty",
  "script:nothing",
  "script:error 2",
  "script:error",
  "script:crash 1",
  "script:crash",
  "script:history",
  "script:system",
  "script:nobody",
];

const VERSIONS: readonly (readonly [SpaceName, GradioVersion])[] = [
  ["max", "5.50.0"],
  ["72b", "4.44.1"],
];

describe.each(VERSIONS)("the emulator does as the Space %s", (shape, version) => {
  const history = [["a\n  b", "c\n  d\n\n"]];
  alike(version, { real: () => startSpace(shape), emulator: () => createSpaceEmulator({ shape }) }, [
    config,
    ...SCRIPTS.map((prompt) => queued(0, [prompt, history, "sys"])),
    queued(0, ["hello", [], "sys"], { simpleFormat: true }),
    queued(1, ["hello", [], "sys"]),
    queued(2, []),
    queued(3, ["be brief"]),
    queued(0, ["too few"]),
    called("model_chat", ["script:repeat", [], "sys"]),
    called("model_chat", ["script:repeat", [], "sys"], { session: true }),
    called("model_chat", ["script:repeat", [], "sys"], { session: true, reader: "queue" }),
    called("model_chat", ["script:error 1", [], "sys"]),
    posted("/run/model_chat", { data: ["script:repeat", [], "sys"] }),
    posted("/run/predict", { data: ["script:error", [], "sys"], fn_index: 0 }),
    posted("/run/model_chat", { data: ["script:crash", [], "sys"] }),
    cancelled(0, ["script:slow 100 50", [], "sys"]),
    ...refusals("model_chat"),
  ]);
});

describe("the emulator does as the Space qvq", () => {
  alike("5.50.0", { real: () => startSpace("qvq"), emulator: () => createSpaceEmulator({ shape: "qvq" }) }, [
    config,
    ...SCRIPTS.map((prompt) => queued(0, [null, prompt])),
    queued(0, [{ path: "/etc/hostname" }, "hello"]),
    called("generate", [null, "script:indented"]),
    called("generate", [null, "script:crash"]),
    cancelled(0, [null, "script:slow 100 50"]),
    ...refusals("generate"),
  ]);
});

describe("the emulator does as the Space 1m", () => {
  alike("4.44.1", { real: () => startSpace("1m"), emulator: () => createSpaceEmulator({ shape: "1m" }) }, [
    config,
    turns("hello"),
    turns("hello", "script:history"),
    turns("  indented\n    twice"),
    ...["repeat", "rewrite", "indented", "empty", "nothing", "error 2", "crash"].map((script) =>
      turns(`script:${script}`),
    ),
    turns("script:error 1", "script:history"),
    queued(2, [[], null, 0]),
  ]);
});

describe.each([
  ["4.44", "4.44.1"],
  ["5.50", "5.50.0"],
  ["6.31", "6.31.0"],
] as const)("the emulator does as any app on Gradio %s", (series, version) => {
  const emulator = () => startEmulator(protocolSpace, { version, answer: protocolAnswer });
  alike(version, { real: () => startProtocolApp(series), emulator }, [
    queued(0, ["Hello there,  you.\n"]),
    queued(0, ["Hello there"], { simpleFormat: true }),
    queued(1, [3, 30, "alike"]),
    queued(3, ["plain", 20, "alike"]),
    queued(4, ["not queued"]),
    ...[0, 2].flatMap((words) => [queued(5, [words]), queued(6, [words])]),
    queued(7, []),
    queued(8, []),
    queued(9, []),
    queued(10, ["one two three"]),
    queued(14, []),
    inOneSession([
      { fnIndex: 13, data: ["first", null] },
      { fnIndex: 13, data: ["second", null] },
    ]),
    queued(13, ["without its state"]),
    called("chat", ["Hello there"]),
    called("chat", ["Hello there"], { session: true }),
    called("chat", ["Hello there"], { session: true, reader: "queue" }),
    called("fail", [1]),
    called("crash", [0]),
    called("echo_state", ["text"]),
    called("echo_state", ["text", null]),
    posted("/run/unqueued", { data: ["x"] }),
    posted("/run/chat", { data: ["Hello there"] }),
    posted("/run/fail", { data: [0] }),
    posted("/run/crash", { data: [0] }),
    cancelled(1, [100, 50, "alike"]),
    left(["wait", "cancel"]),
    left(["open", "wait", "close"]),
    left(["open", "wait", "close", "cancel"]),
    // Whether 6.31 begins such a job again is luck: it looks for the generator between two steps.
    ...(series === "6.31" ? [] : [left(["open", "wait", "wrong"])]),
    left(["open", "wait", "close", "wrong"]),
    left(["cancel"], { busy: true }),
    left(["open", "cancel", "heard"], { busy: true }),
    left(["open", "close"], { busy: true }),
    left(["open", "close", "cancel"], { busy: true }),
    ...refusals("chat"),
  ]);
});
