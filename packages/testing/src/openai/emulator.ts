/// <reference lib="esnext.disposable" preserve="true" />
import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

import { aFlag, aLimitMs, anObject, aString, oneOf, readOptions, type Rule, type Rules } from "@qwen/core/http";

import { createClock } from "../server/clock.ts";
import { noteEnd, readBody } from "../server/exchange.ts";
import { startServer } from "../server/server.ts";
import { createAnswering } from "./answering.ts";
import type { OpenAICall } from "./call.ts";
import { dialectNames, dialectOf, type OpenAIDialectName } from "./dialect.ts";
import { createOpenAIFaults, isAbout, type OpenAIFaultLike } from "./faults.ts";
import { anOpenAIAnswer, createModels, type OpenAIAnswers } from "./models.ts";
import { type RecordedOpenAIRequest, routeOf } from "./request.ts";

/** Options of {@link createOpenAIEmulator}. */
export interface OpenAIEmulatorOptions {
  /**
   * What each model says, by its name: a text, steps, or a function of the question. `undefined` is the standard answer:
   * the scripts of {@link standardAnswer}, and else "You said: …", as JSON where that is asked for.
   *
   * @defaultValue one model, "test-model", with the standard answer
   */
  readonly models?: Readonly<Record<string, OpenAIAnswers | undefined>> | undefined;
  /** Asked for in `Authorization: Bearer`. @defaultValue none: everybody may ask */
  readonly apiKey?: string | undefined;
  readonly faults?: readonly OpenAIFaultLike[] | undefined;
  /** Whose errors, fields and rules it has. @defaultValue "openai" */
  readonly dialect?: OpenAIDialectName | undefined;
  /** Where thought goes: a field of its own, or the text, in `<think>`. @defaultValue as the dialect */
  readonly reasoning?: "reasoning_content" | "reasoning" | "think" | undefined;
  /** Whether a name of no model is answered by the first one, under its own name. @defaultValue as the dialect */
  readonly anyModel?: boolean | undefined;
  /** Between two signs of life where a fault sends nothing else, in ms. @defaultValue 15_000 */
  readonly heartbeatMs?: number | undefined;
}

/** An OpenAI-compatible server in this process, for tests. */
export interface OpenAIEmulator extends AsyncDisposable {
  /** What clients have as their base URL: `http://127.0.0.1:…/v1`, without a slash at the end. */
  readonly url: string;
  readonly dialect: OpenAIDialectName;
  /** Everything it was asked, in order. Grows, and its records change until they have ended. */
  readonly requests: readonly RecordedOpenAIRequest[];
  /** Every answer it was asked for and did not refuse, in order, and what became of it. */
  readonly calls: readonly OpenAICall[];
  /** How many sockets are open. */
  readonly sockets: number;
  /** Lets all models answer differently from now on. */
  answer(answer: OpenAIAnswers | undefined): void;
  /** Lets one model answer differently from now on; one that is not there is added. */
  answer(model: string, answer: OpenAIAnswers | undefined): void;
  /** Adds a fault; the result takes it away again. A name that is none is a `TypeError`. */
  fault(fault: OpenAIFaultLike): () => void;
  clearFaults(): void;
  /** Resolves when no answer is under way any more. */
  idle(): Promise<void>;
  /** Forgets what it was asked and what has ended, so that long tests do not fill the memory. */
  forget(): void;
  /** Ends every answer, socket and timer. */
  close(): Promise<void>;
}

const someModels: Rule = (value) => {
  const expected = "an object with the answer of at least one model by its name";
  if (anObject(value) !== undefined || Object.keys(value as object).length === 0) return expected;
  const answers = Object.entries(value as object).filter(([, answer]) => answer !== undefined);
  return answers.every(([, answer]) => anOpenAIAnswer(answer) === undefined)
    ? undefined
    : `${expected}: ${anOpenAIAnswer(answers.find(([, answer]) => anOpenAIAnswer(answer) !== undefined)?.[1])}`;
};

const RULES: Rules<OpenAIEmulatorOptions> = {
  models: someModels,
  apiKey: (value) => (value === "" ? "a string that is not empty" : aString(value)),
  faults: (value) => (Array.isArray(value) ? undefined : "a list of faults"),
  dialect: oneOf(...dialectNames),
  reasoning: oneOf("reasoning_content", "reasoning", "think"),
  anyModel: aFlag,
  heartbeatMs: aLimitMs,
};

/**
 * Starts a server on a free port of 127.0.0.1 that speaks OpenAI's protocol (`/v1/chat/completions`, `/v1/responses`,
 * `/v1/models`) as one of the servers that have it, with answers and faults by script. Rejects with a `TypeError` for an option that is
 * none.
 *
 * @example
 * ```ts
 * await using server = await createOpenAIEmulator({ models: { "model-a": "Hello there" } });
 * server.fault({ name: "eof", on: 1 });
 * const client = new OpenAI({ baseURL: server.url, apiKey: "any" });
 * ```
 */
export async function createOpenAIEmulator(given: OpenAIEmulatorOptions = {}): Promise<OpenAIEmulator> {
  const options = readOptions("options", given, RULES) ?? {};
  const { dialect: name = "openai", apiKey, heartbeatMs = 15_000 } = options;
  const own = dialectOf(name);
  const dialect = { ...own, reasoning: options.reasoning ?? own.reasoning };
  const closing = new AbortController();
  const clock = createClock(closing.signal);
  const startedAt = performance.now();
  const now = (): number => performance.now() - startedAt;
  const requests: RecordedOpenAIRequest[] = [];
  const calls: OpenAICall[] = [];
  const faults = createOpenAIFaults(options.faults);
  const models = createModels({ models: options.models, anyModel: options.anyModel ?? dialect.anyModel });
  const answering = createAnswering({ dialect, models, apiKey, calls, clock, heartbeatMs, now });

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "GET", url = "/", headers, socket } = request;
    const at = now();
    const { route, model } = routeOf(method, URL.parse(url, server.url)?.pathname ?? url);
    const connection = server.connectionOf(socket);
    const body = await readBody(request);
    const struck = faults.take(route, (fault) => isAbout(fault, body));
    const names = struck.map((fault) => fault.name);
    const record = { method, path: url, route, headers, body, connection, at, faults: names };
    requests.push(record);
    noteEnd(record, response, now);
    await answering({ record, model, faults: struck, response });
  }

  const server = await startServer(handle);
  const close = (): Promise<void> => {
    closing.abort();
    return server.close();
  };

  return {
    url: `${server.url}/v1`,
    dialect: name,
    requests,
    calls,
    get sockets() {
      return server.sockets();
    },
    answer: models.answer,
    fault: faults.add,
    clearFaults: faults.clear,
    async idle() {
      while (calls.some(isRunning)) await sleep(5);
    },
    forget() {
      requests.length = 0;
      calls.splice(0, calls.length, ...calls.filter(isRunning));
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function isRunning({ state }: OpenAICall): boolean {
  return state === "running";
}
