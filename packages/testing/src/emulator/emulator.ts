/// <reference lib="esnext.disposable" preserve="true" />
import { setTimeout as sleep } from "node:timers/promises";

import {
  aCountFrom,
  aLimitMs,
  anObject,
  aPauseMs,
  aString,
  aWholeNumber,
  oneOf,
  readOptions,
  type Rule,
  type Rules,
} from "@qwen/core/http";

import { answerPage } from "../server/cors.ts";
import { noteEnd, readBody } from "../server/exchange.ts";
import { htmlReply, type Reply } from "../server/reply.ts";
import type { StreamReply } from "./app.ts";
import { createClock } from "../server/clock.ts";
import { createSpaceFaults, type Fault, type FaultLike } from "./faults.ts";
import { type Flavour, flavourOf, gradioVersions, type GradioVersion } from "./flavour.ts";
import type { Job } from "./job.ts";
import { anAnswer, type Answers, createModel } from "./model.ts";
import { createReplicas } from "./replica.ts";
import { replyOfFault } from "./replies.ts";
import { type RecordedRequest, routeOf } from "./request.ts";
import { createResponder } from "./responder.ts";
import { startServer } from "../server/server.ts";
import { createSpace, type SpaceShape } from "./shape.ts";
import type { Space } from "./space.ts";

/** Options of {@link createSpaceEmulator}. */
export interface SpaceEmulatorOptions {
  /** The app: one of the four Spaces, or a `gr.ChatInterface`. @defaultValue "chat" */
  readonly shape?: SpaceShape | undefined;
  /** @defaultValue the one its Space runs; "6.31.0" for "chat" */
  readonly version?: GradioVersion | undefined;
  /**
   * What the model says.
   *
   * @defaultValue the scripts of {@link standardAnswer}: "You said: …" and whatever follows "script:" in a prompt
   */
  readonly answer?: Answers | undefined;
  readonly faults?: readonly FaultLike[] | undefined;
  /** Passwords by user name, as in `launch(auth=…)`. @defaultValue none: everybody may ask */
  readonly auth?: Readonly<Record<string, string>> | undefined;
  /** Makes the Space private: without this token, in `X-HF-Authorization` or `Authorization`, all it says is 404. */
  readonly token?: string | undefined;
  /** Between two heartbeats. @defaultValue 15_000 */
  readonly heartbeatMs?: number | undefined;
  /** Jobs of one function that run at once. @defaultValue Infinity */
  readonly concurrencyLimit?: number | undefined;
  /** Jobs that may wait before the queue is full. @defaultValue Infinity */
  readonly maxQueueSize?: number | undefined;
  /** Sessions remembered; the oldest goes first. @defaultValue 2000 */
  readonly maxSessions?: number | undefined;
  /**
   * Processes of the app behind a load balancer, which know nothing of each other's sessions. A client that does not keep
   * its cookie is sent round in turn.
   *
   * @defaultValue 1
   */
  readonly replicas?: number | undefined;
  /** How long a job waits at least before it starts. @defaultValue as the version: 50, on 6.31.0 1 */
  readonly pollMs?: number | undefined;
}

/** A Gradio Space in this process, for tests. */
export interface SpaceEmulator extends AsyncDisposable {
  /** `http://127.0.0.1:…`, without a slash at the end. */
  readonly url: string;
  readonly shape: SpaceShape;
  readonly version: GradioVersion;
  /** Everything it was asked, in order, but for what browsers ask before (CORS). Grows, and its records change until they have ended. */
  readonly requests: readonly RecordedRequest[];
  /** Every job there was, in order, and what became of it. */
  readonly jobs: readonly Job[];
  /** How many sockets are open. */
  readonly sockets: number;
  /** Answers differently from now on. */
  answer(answer: Answers | undefined): void;
  /** Adds a fault; the result takes it away again. A name that is none is a `TypeError`. */
  fault(fault: FaultLike): () => void;
  clearFaults(): void;
  /** Resolves when no job waits or runs any more. */
  idle(): Promise<void>;
  /** Forgets what it was asked and what has ended, so that long tests do not fill the memory. */
  forget(): void;
  /** Ends every job, socket and timer. */
  close(): Promise<void>;
}

const aShape: Rule = (value) => oneOf(...Object.keys(OWN_VERSIONS))(value);

const someFaults: Rule = (value) => (Array.isArray(value) ? undefined : "a list of faults");

const RULES: Rules<SpaceEmulatorOptions> = {
  shape: aShape,
  version: oneOf(...gradioVersions),
  answer: anAnswer,
  faults: someFaults,
  auth: (value) =>
    anObject(value) === undefined && Object.values(value as object).every((password) => typeof password === "string")
      ? undefined
      : "an object with a password for each user name",
  token: aString,
  heartbeatMs: aLimitMs,
  concurrencyLimit: aCountFrom(1),
  maxQueueSize: aCountFrom(0),
  maxSessions: aCountFrom(1),
  replicas: aWholeNumber,
  pollMs: aPauseMs,
};

const OWN_VERSIONS: Readonly<Record<SpaceShape, GradioVersion>> = {
  chat: "6.31.0",
  max: "5.50.0",
  "1m": "4.44.1",
  "72b": "4.44.1",
  qvq: "5.50.0",
};

/**
 * Starts a server on a free port of 127.0.0.1 that speaks Gradio's protocol as one of the Spaces does, with answers and
 * faults by script. Rejects with a `TypeError` for an option that is none.
 *
 * @example
 * ```ts
 * await using space = await createSpaceEmulator({ shape: "max", answer: "Hello there" });
 * space.fault({ name: "eof", on: 1 });
 * const router = createRouter({ plugins: [qwenMax({ space: space.url })] });
 * ```
 */
export function createSpaceEmulator(options: SpaceEmulatorOptions = {}): Promise<SpaceEmulator> {
  return startEmulator((flavour) => createSpace(options.shape ?? "chat", flavour), options);
}

/** An emulator of any app. */
export async function startEmulator(
  build: (flavour: Flavour) => Space,
  given: SpaceEmulatorOptions,
): Promise<SpaceEmulator> {
  const options = readOptions("options", given, RULES) ?? {};
  const { shape = "chat", version = OWN_VERSIONS[shape], heartbeatMs = 15_000, token } = options;
  const flavour = flavourOf(version);
  const closing = new AbortController();
  const clock = createClock(closing.signal);
  const startedAt = performance.now();
  const now = (): number => performance.now() - startedAt;
  const requests: RecordedRequest[] = [];
  const jobs: Job[] = [];
  const faults = createSpaceFaults(options.faults);
  const model = createModel({ answer: options.answer, flavour, clock });
  const replicas = createReplicas({
    replicas: options.replicas ?? 1,
    space: build(flavour),
    flavour,
    faults,
    jobs,
    auth: options.auth,
    maxSessions: options.maxSessions ?? 2000,
    concurrencyLimit: options.concurrencyLimit ?? Infinity,
    maxQueueSize: options.maxQueueSize ?? Infinity,
    pollMs: options.pollMs ?? flavour.pollMs,
    signal: closing.signal,
    now,
    call: model.call,
    appCall: (job) => model.call(job, () => {}),
  });

  const server = await startServer(async (request, response) => {
    // Whether a page may ask is the browser's question, not the client's.
    if (answerPage(request, response)) return;
    const { method = "GET", url = "/", headers, socket } = request;
    const at = now();
    const { pathname, searchParams } = new URL(url, server.url);
    const { route, parameters } = routeOf(method, pathname, flavour.prefix);
    const struck = faults.take(route);
    const record: RecordedRequest = {
      method,
      path: url,
      route,
      headers,
      body: await readBody(request),
      connection: server.connectionOf(socket),
      at,
      faults: struck.map(({ name }) => name),
    };
    requests.push(record);
    noteEnd(record, response, now);

    const host = headers.host ?? "";
    const { app, sessions, queue } = replicas.pick(headers, response);
    const reply =
      refusal(token, record) ??
      firstReply(struck, (fault) => replyOfFault(fault, { flavour, host, path: url })) ??
      (await app({ record, route, parameters, query: searchParams, host, faults: struck }));
    const respond = createResponder(response, { faults: struck, heartbeatMs, sessions, queue, flavour, clock });
    await respond(reply, record);
  });

  const close = (): Promise<void> => {
    closing.abort();
    return server.close();
  };

  return {
    url: server.url,
    shape,
    version,
    requests,
    jobs,
    get sockets() {
      return server.sockets();
    },
    answer: model.answer,
    fault: faults.add,
    clearFaults: faults.clear,
    async idle() {
      while (jobs.some(isAlive)) await sleep(5);
    },
    forget() {
      requests.length = 0;
      jobs.splice(0, jobs.length, ...jobs.filter(isAlive));
      model.forget();
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function isAlive({ state }: Job): boolean {
  return state === "queued" || state === "running";
}

/** What the proxy of a private Space says to whom it does not know. */
function refusal(token: string | undefined, { headers }: RecordedRequest): Reply | undefined {
  const bearer = `Bearer ${token}`;
  if (token === undefined || headers["x-hf-authorization"] === bearer || headers.authorization === bearer)
    return undefined;
  return htmlReply(404, "Sorry, we can't find the page you are looking for.");
}

function firstReply(
  faults: readonly Fault[],
  replyOf: (fault: Fault) => Reply | undefined,
): Reply | StreamReply | undefined {
  for (const fault of faults) {
    const reply = replyOf(fault);
    if (reply !== undefined) return reply;
  }
  return undefined;
}
