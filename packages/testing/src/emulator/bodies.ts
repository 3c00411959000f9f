import type { Reply } from "../server/reply.ts";
import { invalidBody } from "./replies.ts";

/** The body of a request for a job. */
export interface JoinBody {
  readonly data: readonly unknown[];
  readonly fnIndex: number | undefined;
  readonly sessionHash: string | undefined;
  readonly simpleFormat: boolean;
}

/** Reads it, or says what FastAPI says of a body that does not fit. */
export function readJoinBody(body: unknown): JoinBody | Reply {
  if (!isRecord(body))
    return invalidBody([{ type: "json_invalid", loc: ["body", 0], msg: "JSON decode error", input: {} }]);
  const { data, fn_index: fnIndex, session_hash: sessionHash, simple_format: simpleFormat } = body;
  if (!Array.isArray(data))
    return invalidBody([{ type: "missing", loc: ["body", "data"], msg: "Field required", input: body }]);
  return {
    data,
    fnIndex: typeof fnIndex === "number" ? fnIndex : undefined,
    sessionHash: typeof sessionHash === "string" ? sessionHash : undefined,
    simpleFormat: simpleFormat === true,
  };
}

/** Reads the body of `POST /cancel`, or says what does not fit. */
export function readCancelBody(
  body: unknown,
): { readonly eventId: string; readonly sessionHash: string; readonly fnIndex: number } | Reply {
  const { event_id: eventId, session_hash: sessionHash, fn_index: fnIndex } = isRecord(body) ? body : {};
  if (typeof eventId === "string" && typeof sessionHash === "string" && typeof fnIndex === "number")
    return { eventId, sessionHash, fnIndex };
  const missing = Object.entries({ session_hash: sessionHash, fn_index: fnIndex, event_id: eventId }).filter(
    ([, value]) => value === undefined,
  );
  return invalidBody(
    missing.map(([field]) => ({ type: "missing", loc: ["body", field], msg: "Field required", input: body ?? null })),
  );
}

/** Whether a value is a JSON object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
