import { spawnSync } from "node:child_process";
import { writeFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { inspect } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { withoutSecrets } from "../src/error-secrets.ts";
import { copyOf, errorFromJSON, rethrowOwn } from "../src/error-copy.ts";
import { ERROR_RULES, type ErrorCode } from "../src/error-rules.ts";
import {
  AllFailedError,
  InvalidOutputError,
  NoSuchModelError,
  QwenError,
  SpaceChangedError,
  SpaceError,
  StreamInterruptedError,
  TextRewrittenError,
  TimeoutError,
  type AnyQwenError,
  type Attempt,
} from "../src/errors.ts";

const DAY = 86_400_000;
const attempt = (number: number, error?: unknown): Attempt => ({
  provider: `p${number}`,
  model: "m",
  number,
  durationMs: 1.5,
  ...(error !== undefined && { error }),
});
const ONE_OF_EACH: readonly AnyQwenError[] = [
  new QwenError("rate_limited", "Too often.", { status: 429, retryAfterMs: 5, provider: "p" }),
  new NoSuchModelError("x", { available: ["y"], suggestion: "y" }),
  new TimeoutError("idle", 60),
  new StreamInterruptedError("cut", { text: "the answer" }),
  new SpaceError("gave up", { hidden: true, title: "Oh" }),
  new SpaceChangedError("moved", { endpoints: ["/a"] }),
  new TextRewrittenError("the answer"),
  new InvalidOutputError({ issues: ["it holds no JSON"], text: "the answer" }),
  new AllFailedError("m", [attempt(1, new QwenError("connection", "no")), attempt(2, new Error("boom"))]),
];

describe("every error of the family", () => {
  test.each(ONE_OF_EACH)("can be written as JSON, cloned as that, and made again: %s", (error) => {
    const json = JSON.parse(JSON.stringify(error)) as object;
    expect(json).toMatchObject({ code: error.code, message: error.message, name: error.name });
    expect(structuredClone(error.toJSON())).toEqual(json);
    const again = errorFromJSON(json);
    expect(again).toBeInstanceOf(error.constructor);
    expect(again.toJSON()).toEqual(json);
    expect(again.retryable).toBe(error.retryable);
  });

  test.each(ONE_OF_EACH)("shows no text of an answer, and nothing that is not set: %s", (error) => {
    expect(inspect(error)).not.toMatch(/the answer|undefined/);
    expect(JSON.stringify(error)).not.toContain("the answer");
    expect(Object.values(error)).not.toContain(undefined);
    expect(error.stack?.split("\n")[0]).toBe(`${error.name}: ${error.message}`);
  });

  test.each(ONE_OF_EACH)("is copied with its class, its fields and its texts: %s", (error) => {
    Object.freeze(error);
    const copy = copyOf(error, { provider: "other", attempts: [attempt(1)] });
    expect(copy).not.toBe(error);
    expect(copy).toBeInstanceOf(error.constructor);
    expect(copy.toJSON()).toEqual({
      ...error.toJSON(),
      provider: error.provider ?? "other",
      attempts: [attempt(1)],
    });
    if ("text" in error) expect(copy).toHaveProperty("text", error.text);
    expect(Error.prototype.toString.call(copy)).toBe(String(error));
  });

  test("has attempts without a circle, however they came", () => {
    const nested = new AllFailedError("inner", [attempt(1, new QwenError("connection", "no"))]);
    const outer = copyOf(new QwenError("protocol", "x"), { attempts: [attempt(1, nested)] });
    expect(outer.toJSON()).toMatchObject({ attempts: [{ error: { attempts: [{ error: { code: "connection" } }] } }] });
    const circle = new QwenError("protocol", "x");
    Object.assign(circle, { attempts: [attempt(1, circle)] });
    expect(JSON.stringify(copyOf(circle)).length).toBeLessThan(2000);
  });

  test("keeps as attempts what it was given, whatever is done to the list", () => {
    const list = [attempt(1, new Error("a"))];
    const error = new AllFailedError("m", list);
    list.push(attempt(2));
    expect(error.attempts).toHaveLength(1);
    expect(() => (error.attempts as Attempt[]).push(attempt(3))).toThrow(TypeError);
  });
});

describe("a cause that somebody else made", () => {
  const short = Object.assign(new Error("no"), { code: "ECONNRESET", stack: "Error: no\n    at socket" });
  const fat = { list: Array.from({ length: 50 }, (_, index) => ({ index })) };
  const chain = [1, 2, 3, 4, 5].reduce((cause, level) => new Error(`level ${level}`, { cause }), new Error("root"));
  const causes: readonly [string, unknown][] = [
    ["with objects", Object.assign(new Error("no"), { request: fat })],
    ["with a long text", Object.assign(new Error("no"), { body: "x".repeat(10_000) })],
    ["with a secret", Object.assign(new Error("no"), { header: "Bearer hf_secretsecret" })],
    ["with a secret in its message", new Error("no: hf_secretsecret")],
    ["with causes behind it", chain],
    ["of many lines", new Error("no\n".repeat(50))],
    ["of one line that is a page", new Error("x".repeat(10_000))],
    ["whose name is none", Object.defineProperty(new Error("no"), "name", { value: { toString: () => 1n } })],
    [
      "of many errors",
      new AggregateError(
        Array.from({ length: 20 }, () => new Error("no")),
        "all",
      ),
    ],
    ["that is no error", fat],
  ];

  test.each(causes)("is there for who asks, and neither fills the screen nor shows a secret: %s", (_, cause) => {
    const error = new QwenError("protocol", "It failed.", { cause });
    for (const one of [error, copyOf(error, { provider: "a" }), copyOf(copyOf(error), { attempts: [attempt(1)] })]) {
      expect(one.cause).toBe(cause);
      const printed = inspect(one);
      expect(printed.split("\n").length).toBeLessThan(18);
      expect(printed.match(/caused by/g)).toHaveLength(1);
      expect(printed).not.toMatch(/hf_s|x{300}/);
    }
  });

  test("is printed where it is short", () => {
    expect(inspect(new QwenError("protocol", "It failed.", { cause: short }))).toContain("code: 'ECONNRESET'");
    expect(inspect(new QwenError("protocol", "It failed.", { cause: "no" }))).toContain("[cause]: 'no'");
  });

  test("does not fill the screen as a field of an error of the family either", () => {
    const error = Object.assign(new QwenError("protocol", "x"), { response: fat });
    const copy = copyOf(error);
    expect(copy).toHaveProperty("response", fat);
    expect(inspect(copy)).not.toContain("response");
  });
});

test("what a maker of errors keeps from logs stays hidden in a copy", () => {
  const error = Object.defineProperty(new QwenError("connection", "no"), "session", { value: "secret" });
  const copy = copyOf(error, { provider: "a" });
  expect(copy).toHaveProperty("session", "secret");
  expect(inspect(copy)).not.toContain("secret");
});

test("an error is made of JSON that was tampered with as far as it can be right", () => {
  let nested: object = { code: "connection", message: "x" };
  for (let depth = 0; depth < 10_000; depth++)
    nested = { code: "all_failed", message: "x", attempts: [{ ...attempt(1), error: nested }] };
  expect(errorFromJSON(nested).toJSON().attempts).toHaveLength(1);
  const { stack, ...odd } = errorFromJSON({
    code: "timeout",
    message: "x\u001b[2J",
    name: "\u001b[31mTimeout",
    retryAfterMs: "soon",
    status: {},
    provider: 5,
  });
  expect(stack).toMatch(/^Timeout: x/);
  expect([odd.retryAfterMs, odd.status, odd.provider]).toEqual([undefined, undefined, undefined]);
  const other = new QwenError("protocol", "x");
  Object.assign(other, { attempts: [attempt(1, new RangeError("too much"))] });
  expect(errorFromJSON(other.toJSON()).toJSON()).toEqual(other.toJSON());
});

test("what is no JSON of an error cannot be made one", () => {
  for (const json of [
    undefined,
    null,
    "x",
    {},
    { code: "nope", message: "x" },
    { code: "constructor", message: "x" },
    { code: "timeout" },
  ])
    expect(() => errorFromJSON(json)).toThrow(TypeError);
});

test("a pause is believed up to a day, and only where it is a number", () => {
  const pauseOf = (retryAfterMs: unknown) =>
    new QwenError("rate_limited", "x", { retryAfterMs: retryAfterMs as number }).retryAfterMs;
  expect([5, DAY + 1, Infinity, -1, Number.NaN, "7"].map(pauseOf)).toEqual([5, DAY, DAY, 0, undefined, undefined]);
});

test("a message is one line without escape sequences, secrets and more than a few thousand characters", () => {
  const title = "\u001b]0;pwned\u0007";
  const error = new SpaceError(`a\u001b[31mred\u001b[0m\r\nb\u009b2J \u202Ec hf_\u001b[1mabcdefgh ${"x".repeat(1e6)}`, {
    title,
  });
  expect(error.message).toMatch(/^ared b c hf_\*\*\* x+… \(\d+ characters\)$/);
  expect(error.message.length).toBeLessThan(2100);
  expect(error.title).toBe("");
  expect(new SpaceChangedError("x", { endpoints: ["/a\u001b[2J"] }).endpoints).toEqual(["/a"]);
});

test("errors that several calls wait for are each caller's own", async () => {
  const shared = new TimeoutError("connect", 5);
  const ownOf = (error: unknown) =>
    Promise.reject(error)
      .catch(rethrowOwn)
      .catch((own: unknown) => own);
  const [one, two] = await Promise.all([ownOf(shared), ownOf(shared)]);
  expect(one).not.toBe(two);
  expect(one).toMatchObject({ code: "timeout", phase: "connect", limitMs: 5 });
  const reason = {};
  expect(await ownOf(reason)).toBe(reason);
});

test("an error that throws when it is looked at is none, or is copied as far as it goes", () => {
  const throwing = (): never => {
    throw new Error("do not look");
  };
  expect(QwenError.isInstance(new Proxy(new QwenError("protocol", "x"), { getPrototypeOf: throwing }))).toBe(false);
  const hostile = new QwenError("protocol", "x");
  Object.defineProperty(hostile, "message", { get: throwing });
  Object.defineProperty(hostile, "status", { get: throwing, enumerable: true });
  expect(copyOf(hostile)).toMatchObject({ code: "protocol", status: undefined });
  expect(JSON.stringify(hostile)).toContain("protocol");
});

test("a cause that throws when it is printed with its error is left out", () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const throwing = (name: string): Error => Object.defineProperty(new Error("no"), name, { get: () => BigInt(0.5) });
  const causes = [proxy, throwing("stack"), throwing("message"), throwing("name")];
  for (const cause of causes) {
    const error = new QwenError("protocol", "It failed.", { cause });
    expect(inspect(error)).toContain("It failed.");
    expect(error.cause).toBeUndefined();
    expect(withoutSecrets(new Error("no", { cause }), ["my-secret"])).toMatchObject({ message: "no" });
    expect(() => withoutSecrets(cause, ["my-secret"])).not.toThrow();
  }
});

test("a cause that cannot be cloned with its error is left out", () => {
  const causes = [() => {}, Symbol("x"), null, "oops", new Error("x"), { status: 5 }];
  for (const cause of causes) expect(structuredClone(new QwenError("protocol", "x", { cause })).message).toBe("x");
});

test.each<[ErrorCode, object]>([
  ["timeout", { phase: "answer", limitMs: Infinity }],
  ["invalid_output", { issues: ["It broke."], text: "" }],
  ["stream_interrupted", { text: "" }],
  ["text_rewritten", { text: "" }],
  ["space_error", { hidden: false }],
  ["space_changed", { endpoints: [] }],
  ["no_such_model", { model: "" }],
  ["all_failed", { attempts: [] }],
])("a %s of the base class has what its code stands for, once somebody hands it on", (code, promised) => {
  const plain = new QwenError(code, "It broke.");
  for (const handedOn of [copyOf(plain), errorFromJSON(plain.toJSON()), errorFromJSON(copyOf(plain).toJSON())])
    expect(handedOn).toMatchObject({ code, message: "It broke.", ...promised });
  expect(Object.keys(plain)).toEqual(["code"]);
});

test("a code of a newer copy of the SDK moves on to the next provider, also one that is called like a method", () => {
  for (const code of ["from_the_future", "constructor", "__proto__"])
    expect(new QwenError(code as "protocol", "x")).toMatchObject({ code, retryable: true, name: "QwenError" });
});

test("the errors table and its rows cannot be changed", () => {
  const table = ERROR_RULES as Record<string, unknown>;
  expect(() => (table["connection"] = {})).toThrow(TypeError);
  for (const row of Object.values(ERROR_RULES)) expect(Object.isFrozen(row)).toBe(true);
});

describe("an error that nobody caught", () => {
  const home = mkdtempSync(join(tmpdir(), "uncaught-"));

  function crash(source: string): readonly string[] {
    const file = join(home, "crash.ts");
    const core = JSON.stringify(pathToFileURL(join(import.meta.dirname, "../src/index.ts")).href);
    writeFileSync(file, `import { createRouter, QwenError, StreamInterruptedError } from ${core};\n${source}`);
    const { stderr } = spawnSync(process.execPath, ["--conditions=@qwen/source", file], { encoding: "utf8" });
    return stderr.trimEnd().split("\n");
  }

  const router = (throws: string, providers = 1) => `
    const capabilities = { images: false, system: "native", history: "native", conversation: false, tools: false, json: false };
    const plugins = Array.from({ length: ${providers} }, (_, n) => ({
      id: "p" + n,
      models: [{ id: "m" + n, aliases: ["m"], capabilities }],
      async *stream() { ${throws} },
    }));
    const routes = { r: plugins.map(({ id }, n) => id + "/m" + n) };
    await createRouter({ plugins, routes, retry: { baseDelayMs: 0, maxAttempts: ${providers} } }).complete({ model: "r", messages: [{ role: "user", content: "Hi" }] });
  `;

  test.each([1, 3, 12])("takes Node 25 lines at most, with a line for each of %i attempts", (attempts) => {
    const failing = `throw new StreamInterruptedError("of\\n" + this.id, { text: "the answer", status: 500, cause: new Error("deep", { cause: new Error("deeper") }) });`;
    const lines = crash(router(failing.replace("this.id", "Math.random()"), attempts));
    expect(lines.length).toBeLessThanOrEqual(25);
    expect(lines.slice(4).join("\n")).not.toMatch(/the answer|undefined/);
    if (attempts > 1)
      for (let n = 0; n < attempts; n++) expect(lines.filter((line) => line.includes(`p${n}/m${n}`))).toHaveLength(1);
  });

  test("shows where a provider of one's own threw", () => {
    const lines = crash(router(`null.boom;`));
    expect(lines.join("\n")).toContain("crash.ts");
    expect(lines.length).toBeLessThanOrEqual(25);
  });

  afterAll(() => rmSync(home, { recursive: true }));
});
