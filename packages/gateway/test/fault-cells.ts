import { createRouter, type Plugin } from "@qwen/core";
import { qwenMax } from "@qwen/max";
import { openaiCompatible } from "@qwen/openai-compatible";
import {
  createOpenAIEmulator,
  createSpaceEmulator,
  faultNames,
  openAIFaultNames,
  type FaultName,
  type OpenAIFaultName,
} from "@qwen/testing";

import { createGateway, type CommitName, type Router } from "../src/index.ts";
import { serveGateway } from "../src/node/index.ts";

const STEPS = ["One ", "two ", "three ", "four ", "five ", "six."];
const ANSWER = STEPS.join("");

/** How long anything may be silent, in ms: less than a fault that only delays takes. */
const SILENCE_MS = 250;

/** One fault, where it strikes, and how its caller asks. */
export interface FaultCell {
  readonly kind: "openai" | "space";
  /** What it is asked for by. */
  readonly api: "chat" | "responses";
  readonly name: OpenAIFaultName | FaultName;
  /** How many pieces of the answer come first. */
  readonly after: number;
  readonly stream: boolean;
  readonly commit: CommitName;
  /** `alone`: whoever is asked meets it; `once`: only who is asked first; `second`: another provider is fine. */
  readonly company: "alone" | "once" | "second";
}

// They say more than was scripted, or something else on purpose, and have tests of their own where they are emulated.
const LEFT_OUT: ReadonlySet<string> = new Set([
  "huge-answer",
  "huge-chunk",
  "huge-id",
  "huge-index",
  "empty-chunks",
  "many-tool-calls",
]);

/** What breaks off an answer, or lets it stall, in the middle of its text. */
const CUTS: ReadonlySet<string> = new Set([
  "eof",
  "eof-done",
  "missing-finish",
  "reset",
  "truncated",
  "short-body",
  "cut-body",
  "stall",
  "heartbeats-only",
  "error-chunk",
  "error-done",
  "error-event",
  "server-stopped",
  "missing-completion",
]);

const COMMITS: readonly CommitName[] = ["first-output", "buffered", "continue"];

const PLACES = { chat: [0, 1, 2, 3, 4, 5, 6], responses: [0, 3] } as const;

/** Every fault of both emulators, in every way; by responses at two places of the answer. */
export const CELLS: readonly FaultCell[] = [
  ...openAIFaultNames.map((name) => ({ kind: "openai" as const, name })),
  ...faultNames.map((name) => ({ kind: "space" as const, name })),
]
  .filter(({ name }) => !LEFT_OUT.has(name))
  .flatMap((fault) =>
    (["chat", "responses"] as const).flatMap((api) =>
      PLACES[api].flatMap((after) =>
        [true, false].flatMap((stream) =>
          COMMITS.flatMap((commit) =>
            (["alone", "once", "second"] as const).map((company) => ({
              ...fault,
              api,
              after,
              stream,
              commit,
              company,
            })),
          ),
        ),
      ),
    ),
  );

/** What a caller has of an answer: all of it, or an error that it cannot overlook. */
export type Told =
  | { readonly text: string; readonly reason: string | null }
  | { readonly status: number; readonly code: string | null };

/** Asks once, through a socket. */
export async function play(cell: FaultCell): Promise<Told> {
  const { kind, company } = cell;
  const stage = await (kind === "openai" ? openAIStage(cell) : spaceStage(cell));
  const router: Router = createRouter({
    plugins: stage.plugins,
    routes: { smart: company === "second" ? ["first/m", "second/m"] : ["first/m"] },
    timeouts: { idleMs: SILENCE_MS, firstOutputMs: SILENCE_MS, headersMs: SILENCE_MS, totalMs: 20_000 },
    retry: { baseDelayMs: 1, maxDelayMs: 5, maxRetryAfterMs: 20 },
    breaker: false,
  }) as Router;
  const gateway = createGateway({ router, metrics: true });
  const served = await serveGateway(gateway, { port: 0, signals: [] });
  try {
    const told = await ask(served.url, cell);
    const counted = await (await gateway.fetch(new Request("http://localhost/metrics"))).text();
    return counted.includes("qwen_truncated_total 0\n") ? told : { text: "", reason: "a count of what was truncated" };
  } finally {
    await served.close({ drainMs: 0 });
    await router.close();
    await stage.close();
  }
}

/** What is wrong with what a caller was told; nothing where it is right. */
export function wrongWith({ name, company, commit, stream, after, kind }: FaultCell, told: Told): string | undefined {
  if ("status" in told) {
    const goesOn = commit === "continue" && stream && company === "second" && CUTS.has(name);
    const isInText = after > 0 || kind === "space";
    return goesOn && isInText ? `was not gone on with: ${told.status} ${told.code}` : undefined;
  }
  // Its provider says itself that there is no more.
  if (told.reason === "length" || told.reason === "content_filter")
    return ANSWER.startsWith(told.text) ? undefined : `said ${JSON.stringify(told.text)}`;
  if (told.reason !== "stop") return `ended with ${told.reason}`;
  return told.text === ANSWER ? undefined : `passed ${JSON.stringify(told.text)} for the whole answer`;
}

interface Stage {
  readonly plugins: readonly Plugin[];
  close(): Promise<void>;
}

async function openAIStage({ name, after, company }: FaultCell): Promise<Stage> {
  const servers = await Promise.all([0, 1].map(() => createOpenAIEmulator({ models: { m: { steps: STEPS } } })));
  const [first, second] = servers;
  first?.fault({ name: name as OpenAIFaultName, after, ms: 500, ...(company === "once" && { on: 1 }) });
  const plugins = [first, second].map((server, index) =>
    openaiCompatible({ id: index === 0 ? "first" : "second", baseURL: server?.url ?? "", models: ["m"] }),
  );
  return { plugins, close: async () => void (await Promise.all(servers.map((server) => server.close()))) };
}

async function spaceStage({ name, after, company }: FaultCell): Promise<Stage> {
  const spaces = await Promise.all([0, 1].map(() => createSpaceEmulator({ shape: "max", answer: { steps: STEPS } })));
  const [first, second] = spaces;
  const when = company === "once" ? { on: 1 } : {};
  first?.fault({ name: name as FaultName, after: Math.max(1, after), ms: 500, ...when });
  const plugins = [first, second].map((space, index) => {
    const provider = qwenMax({ space: space?.url ?? "" });
    const [model] = provider.models;
    const id = index === 0 ? "first" : "second";
    return {
      ...provider,
      id,
      models: [{ ...model, id: "m", aliases: [] }],
      stream: (request) => provider.stream({ ...request, model: undefined }),
      close: () => provider.close?.() ?? Promise.resolve(),
    } satisfies Plugin;
  });
  return { plugins, close: async () => void (await Promise.all(spaces.map((space) => space.close()))) };
}

async function ask(url: string, { stream, commit, api }: FaultCell): Promise<Told> {
  const asked = { chat: { messages: [{ role: "user", content: "Hi" }] }, responses: { input: "Hi" } };
  const response = await fetch(`${url}/v1/${api === "chat" ? "chat/completions" : "responses"}`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-qwen-commit": commit },
    body: JSON.stringify({ model: "smart", stream, ...asked[api] }),
  });
  const { status } = response;
  if (status === 200 && stream) {
    const text = await response.text();
    return api === "chat" ? toldBy(text) : toldByEvents(text);
  }
  const body = (await response.json()) as Whole &
    Resource & { readonly error?: { readonly code: string | null } | null };
  if (status !== 200 || (body.error !== undefined && body.error !== null))
    return { status, code: body.error?.code ?? null };
  if (api === "responses") return toldOf(body);
  return { text: body.choices?.[0]?.message?.content ?? "", reason: body.choices?.[0]?.finish_reason ?? null };
}

interface Whole {
  readonly choices?: readonly Choice[];
}

interface Choice {
  readonly delta?: { readonly content?: string };
  readonly message?: { readonly content?: string | null };
  readonly finish_reason: string | null;
}

/** A response, as far as it is looked at. */
interface Resource {
  readonly status?: string;
  readonly incomplete_details?: { readonly reason: string } | null;
  readonly output?: readonly { readonly content?: readonly { readonly text: string }[] }[];
}

/** As the strictest of clients reads a stream: what lacks a reason or `[DONE]` is none. */
function toldBy(stream: string): Told {
  const events = stream.split("\n\n").filter((event) => event.startsWith("data: "));
  let text = "";
  let reason: string | null = null;
  for (const event of events) {
    if (event === "data: [DONE]") return reason === null ? { status: 200, code: "no finish reason" } : { text, reason };
    const { error, choices } = JSON.parse(event.slice(6)) as Whole & { readonly error?: { readonly code: string } };
    if (error !== undefined)
      return reason === null ? { status: 200, code: error.code } : { text, reason: "an error behind its end" };
    text += choices?.[0]?.delta?.content ?? "";
    reason = choices?.[0]?.finish_reason ?? reason;
  }
  return { status: 200, code: "no [DONE]" };
}

/** As the strictest of clients reads the events of a response: the text of its pieces and of its end must be one. */
function toldByEvents(stream: string): Told {
  let text = "";
  let end: Told | undefined;
  for (const block of stream.split("\n\n").filter((one) => one.includes("data: "))) {
    const event = JSON.parse(block.slice(block.indexOf("data: ") + 6)) as {
      readonly type: string;
      readonly delta?: string;
      readonly code?: string;
      readonly response?: Resource;
    };
    if (end !== undefined) return { text, reason: `${event.type} behind its end` };
    if (event.type === "response.output_text.delta") text += event.delta ?? "";
    if (event.type === "error") end = { status: 200, code: event.code ?? null };
    if (event.type === "response.completed" || event.type === "response.incomplete") end = toldOf(event.response ?? {});
  }
  if (end !== undefined && "text" in end && end.text !== text) return { text, reason: `another text at its end` };
  return end ?? { status: 200, code: "no end" };
}

function toldOf({ status, incomplete_details, output = [] }: Resource): Told {
  const text = output.flatMap(({ content = [] }) => content.map((part) => part.text)).join("");
  const why = incomplete_details?.reason;
  if (status === "completed") return { text, reason: "stop" };
  return { text, reason: why === "max_output_tokens" ? "length" : (why ?? `${status}`) };
}
