import type { BackgroundRun, BackgroundRuns } from "./background-runs.ts";
import type { CallMemory } from "./call-memory.ts";
import { STREAMED } from "./chat-route.ts";
import { isUnfinished, type KeptResponse, type KeptResponses } from "./kept-responses.ts";
import { Refusal } from "./refusal.ts";
import { RunStream } from "./run-stream.ts";
import { type Call, ownerOf, type Route } from "./route.ts";
import type { Item } from "./wire/response-items.ts";

/** What stands behind the routes of one response. */
export interface KeptRoutesOptions {
  readonly kept: KeptResponses;
  readonly runs: BackgroundRuns;
  readonly calls: CallMemory;
  readonly keepAliveMs: number;
  readonly idleClientMs: number;
}

/** The routes of a response that was made: to see it, what it was asked, and its events; to cancel and to forget it. */
export function keptRoutes({ kept, runs, calls, ...waits }: KeptRoutesOptions): readonly Route[] {
  const idOf = ({ params }: Call): string => params["id"] ?? "";

  async function found(call: Call): Promise<KeptResponse> {
    const known = await kept.find(ownerOf(call), idOf(call));
    if (known === undefined) throw unknown();
    return known;
  }

  /** One that is over lasts as long as it is kept: its time may be up, or another process may have deleted it. */
  async function runOf(call: Call): Promise<BackgroundRun | undefined> {
    const [owner, id] = [ownerOf(call), idOf(call)];
    const run = runs.find(owner, id);
    if (run?.isOver !== true || (await kept.has(owner, id))) return run;
    runs.delete(owner, id);
    return undefined;
  }

  return [
    {
      path: "/v1/responses/:id",
      methods: {
        async GET(request, call) {
          const run = await runOf(call);
          const query = new URL(request.url).searchParams;
          if (query.get("stream") === "true") {
            if (run === undefined) throw noEvents(await found(call));
            const from = firstIn(query);
            const leave = (): boolean => call.leave();
            const body = new RunStream({ run, from, ...waits, leave, onEnd: call.hold() });
            return new Response(new ReadableStream(body, { highWaterMark: 0 }), { headers: STREAMED });
          }
          // What is being made is known better than it is kept.
          return Response.json(run?.resource ?? (await found(call)).response, { headers: NO_STORE });
        },
        async DELETE(_, call) {
          const [owner, id] = [ownerOf(call), idOf(call)];
          const response = runs.find(owner, id)?.resource ?? (await found(call)).response;
          const wasMade = runs.delete(owner, id);
          // Whoever makes it would keep it once more.
          if (!wasMade && isUnfinished(response)) throw madeElsewhere();
          const wasKept = await kept.delete(owner, id);
          if (!wasMade && !wasKept) throw unknown();
          await calls.forget(owner, response["output"] as readonly Item[]);
          return Response.json({ id, object: "response", deleted: true }, { headers: NO_STORE });
        },
      },
    },
    {
      path: "/v1/responses/:id/cancel",
      // Who has no place left must be able to free one.
      isCounted: false,
      methods: {
        async POST(_, call) {
          const run = await runOf(call);
          run?.cancel();
          const response = run?.resource ?? (await found(call)).response;
          if (response["background"] !== true) throw notInBackground("cancelled");
          if (run === undefined && isUnfinished(response)) throw madeElsewhere();
          return Response.json(response, { headers: NO_STORE });
        },
      },
    },
    {
      path: "/v1/responses/:id/input_items",
      methods: {
        GET: async (request, call) => Response.json(pageOf(inputOf(await found(call)), request), { headers: NO_STORE }),
      },
    },
  ];
}

const NO_STORE = { "cache-control": "no-store" };

/** The number of the first event that is wanted. */
function firstIn(query: URLSearchParams): number {
  const after = query.get("starting_after");
  if (after === null) return 0;
  if (!/^\d{1,9}$/.test(after)) throw wrongQuery("starting_after", "the sequence_number of an event");
  return Number(after) + 1;
}

/** Clients send a 409 again, which may reach the other one. */
function madeElsewhere(): Refusal {
  const message =
    "Another process of this gateway makes the response, and that one alone tells its events, and can cancel and delete it. Try again.";
  return new Refusal({ status: 409, code: "made_elsewhere", message });
}

function noEvents({ response }: KeptResponse): Refusal {
  if (response["background"] !== true) return notInBackground("read as a stream");
  if (isUnfinished(response)) return madeElsewhere();
  const message = "Its events are no longer kept: retrieve it without `stream`.";
  return new Refusal({ status: 400, code: "stream_expired", message });
}

function inputOf({ asked, before }: KeptResponse): readonly Item[] {
  return asked.slice(before);
}

/** A page of a list, the newest first unless it is asked for otherwise. */
function pageOf(items: readonly Item[], { url }: Request): object {
  const query = new URL(url).searchParams;
  const limit = query.get("limit") ?? "20";
  if (!/^\d{1,3}$/.test(limit) || Number(limit) < 1 || Number(limit) > 100)
    throw wrongQuery("limit", "a number from 1 to 100");
  const order = query.get("order") ?? "desc";
  if (order !== "asc" && order !== "desc") throw wrongQuery("order", "asc or desc");
  const ordered = order === "asc" ? items : items.toReversed();
  const after = query.get("after");
  const from = after === null ? 0 : ordered.findIndex(({ id }) => id === after) + 1;
  const data = ordered.slice(from, from + Number(limit));
  return {
    object: "list",
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: from + data.length < ordered.length,
  };
}

function wrongQuery(param: string, expected: string): Refusal {
  return new Refusal({ status: 400, code: "invalid_query", param, message: `\`${param}\` must be ${expected}.` });
}

function notInBackground(what: string): Refusal {
  return new Refusal({
    status: 400,
    code: "not_in_background",
    message: `Only a response that was made with \`background\` can be ${what}.`,
  });
}

/** The same for one that never was and for somebody else's. */
function unknown(): Refusal {
  return new Refusal({ status: 404, code: "response_not_found", message: "There is no such response." });
}
