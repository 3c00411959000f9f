import type { ServerResponse } from "node:http";

import type { Clock } from "../server/clock.ts";
import { jsonReply, type Reply } from "../server/reply.ts";
import type { OpenAICall } from "./call.ts";
import type { Dialect } from "./dialect.ts";
import type { OpenAIFault, OpenAIFaultName } from "./faults.ts";
import type { AnswerFormat } from "./format.ts";
import { beat } from "./heartbeat.ts";
import { Outlet } from "./outlet.ts";
import { refusalReply } from "./refusals.ts";
import { isOutput, type OpenAIAnswer, playAnswer } from "./script.ts";
import { failureOf } from "./scripted-error.ts";
import { type Cut, StreamFaults } from "./stream-faults.ts";

/** Options of {@link sayAnswer} and {@link wholeAnswer}. */
export interface SayOptions {
  readonly answer: OpenAIAnswer;
  readonly format: AnswerFormat;
  readonly dialect: Dialect;
  readonly faults: readonly OpenAIFault[];
  readonly call: OpenAICall;
  readonly clock: Clock;
  readonly heartbeatMs: number;
  readonly maxTokens: number;
  readonly prefill: string;
}

/** Streams an answer, or what the faults leave of it. */
export async function sayAnswer(response: ServerResponse, options: SayOptions): Promise<void> {
  const { format, dialect, faults, call } = options;
  const has = (name: OpenAIFaultName): boolean => faults.some((fault) => fault.name === name);
  const outlet = new Outlet(response, {
    splitsBytes: has("byte-split"),
    compresses: has("gzip"),
    holds: has("cut-body") || has("short-body"),
  });
  outlet.open({ ...dialect.headers, "content-type": dialect.eventStream, "cache-control": "no-cache" });
  if (has("headers-only")) return;
  const cuts = new StreamFaults(faults, { outlet, format, dialect });
  const cut = await sayPieces(outlet, cuts, options);
  if (cut === undefined) {
    if (!has("missing-done")) void outlet.write(format.done);
    call.state = "finished";
    outlet.end();
  } else if (cut === "failed") call.state = "failed";
  else if (cut === "beating") beat(response, options.heartbeatMs, ": keep-alive\n\n");
}

async function sayPieces(outlet: Outlet, cuts: StreamFaults, options: SayOptions): Promise<Cut | undefined> {
  const { format, call, answer, clock } = options;
  const played = playAnswer(answer, options);
  await outlet.write(format.begin());
  try {
    for (;;) {
      const { done, value } = await played.next();
      if (outlet.isClosed) return "left-hanging";
      const next = done === true ? format.end(value) : format.say(value);
      const strikes = done === true || isOutput(value);
      const cut = strikes ? cuts.strike(call.pieces, next) : undefined;
      if (cut !== undefined) return cut;
      const drained = outlet.write(next);
      if (drained !== undefined) await drained;
      if (done === true) return undefined;
      if (strikes) call.pieces += 1;
    }
  } catch (error) {
    if (clock.isStopped) throw error;
    void outlet.write(format.error(failureOf(error).said));
    outlet.end();
    return "failed";
  } finally {
    await played.return({ finishReason: undefined, tokens: 0 });
  }
}

/** An answer as one JSON body, or what the faults put in its place. Nothing where the client has left. */
export async function wholeAnswer(response: ServerResponse, options: SayOptions): Promise<Reply | undefined> {
  const { format, dialect, call, answer, clock } = options;
  const played = playAnswer(answer, options);
  try {
    for (;;) {
      const { done, value } = await played.next();
      if (response.destroyed) return undefined;
      if (done === true)
        return jsonReply(200, format.whole(value), { ...dialect.headers, "content-type": dialect.json });
      format.add(value);
      if (isOutput(value)) call.pieces += 1;
    }
  } catch (error) {
    if (clock.isStopped) throw error;
    call.state = "failed";
    const { said } = failureOf(error);
    return refusalReply(dialect, { ...said, status: said.status ?? 500 });
  } finally {
    await played.return({ finishReason: undefined, tokens: 0 });
  }
}
