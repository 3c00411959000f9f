import type { ServerResponse } from "node:http";

import type { Clock } from "../server/clock.ts";
import { jsonReply, type Reply } from "../server/reply.ts";
import { spoiled } from "./answer-faults.ts";
import { sendBody } from "./body.ts";
import type { OpenAICall } from "./call.ts";
import { ChatFormat } from "./chat-format.ts";
import type { Dialect, Fields } from "./dialect.ts";
import { errorBody, errorShapes } from "./error-shapes.ts";
import type { OpenAIFault, OpenAIFaultName } from "./faults.ts";
import type { Models } from "./models.ts";
import { refusalReply, replyOfFault } from "./refusals.ts";
import { maxTokensOf, type OpenAIQuestion, readQuestion, type RecordedOpenAIRequest, wordsOf } from "./request.ts";
import { ResponsesFormat } from "./responses-format.ts";
import { sayAnswer, wholeAnswer } from "./say.ts";
import { type Ending, opened } from "./script.ts";
import { failureOf } from "./scripted-error.ts";

/** Options of {@link createAnswering}. */
export interface AnsweringOptions {
  readonly dialect: Dialect;
  readonly models: Models;
  readonly apiKey: string | undefined;
  /** Takes every answer that is begun. */
  readonly calls: OpenAICall[];
  readonly clock: Clock;
  readonly heartbeatMs: number;
  now(): number;
}

/** A request to be answered. */
export interface Asked {
  readonly record: RecordedOpenAIRequest;
  /** The model that the path names. */
  readonly model: string | undefined;
  readonly faults: readonly OpenAIFault[];
  readonly response: ServerResponse;
}

/** Answers requests as the server does, or as its faults have it. */
export function createAnswering(options: AnsweringOptions): (asked: Asked) => Promise<void> {
  const { dialect, models, apiKey, calls, clock, heartbeatMs, now } = options;

  async function send(reply: Reply, { record, response, faults }: Asked): Promise<void> {
    const delay = faults.find(({ name }) => name === "delay");
    if (delay !== undefined) await clock.sleep(delay.ms ?? 1000);
    if (response.destroyed || faults.some(({ name }) => name === "never-headers")) return;
    record.status = reply.status;
    sendBody(response, { ...reply, headers: { ...dialect.headers, ...reply.headers } }, { faults, heartbeatMs });
  }

  function refusalOf({ record, faults }: Asked): Reply | undefined {
    const { headers, path } = record;
    if (apiKey !== undefined && headers.authorization !== `Bearer ${apiKey}`)
      return refusalReply(dialect, dialect.unauthorized);
    for (const fault of faults) {
      const reply = replyOfFault(fault, { dialect, host: headers.host ?? "", path });
      if (reply !== undefined) return reply;
    }
    return undefined;
  }

  function begin(asked: Asked, model: string): OpenAICall {
    const { record, response } = asked;
    const call: OpenAICall = {
      model,
      route: record.route === "chat" ? "chat" : "responses",
      at: record.at,
      state: "running",
      pieces: 0,
    };
    calls.push(call);
    response.on("close", () => {
      if (call.state === "running") call.state = response.writableFinished ? "finished" : "cancelled";
      call.endedAt = now();
    });
    return call;
  }

  /** The answer, and the failure that it begins with, or that its script is. */
  function answerTo(
    question: OpenAIQuestion,
    model: string,
    faults: readonly OpenAIFault[],
  ): ReturnType<typeof opened> {
    try {
      return opened(spoiled(models.answerOf(model, question), faults));
    } catch (error) {
      return { failure: failureOf(error), answer: { steps: [] } };
    }
  }

  async function generate(asked: Asked, question: OpenAIQuestion, model: string): Promise<void> {
    const { record, response, faults } = asked;
    const has = (name: OpenAIFaultName): boolean => faults.some((fault) => fault.name === name);
    const call = begin(asked, question.model);
    const { failure, answer } = answerTo(question, model, faults);
    if (failure !== undefined) {
      call.state = "failed";
      return send(refusalReply(dialect, { ...failure.said, status: failure.said.status ?? 500 }), asked);
    }
    const { prefill, body } = question;
    const common = {
      dialect,
      model: has("other-model") ? `${model}-other` : model,
      body,
      usageOf: (ending: Ending) => (answer.usage === undefined ? usageOf(question, ending, dialect) : answer.usage),
    };
    const format = call.route === "chat" ? new ChatFormat({ ...common, prefill }) : new ResponsesFormat(common);
    const saying = { answer, format, dialect, faults, call, clock, heartbeatMs, prefill, maxTokens: maxTokensOf(body) };
    if (!question.stream || has("json-body")) {
      const error = spoiledBody(faults, dialect);
      const reply = error ?? (await wholeAnswer(response, saying));
      if (error !== undefined || BREAKING.some(has)) call.state = "failed";
      return reply && send(reply, asked);
    }
    const delay = faults.find(({ name }) => name === "delay");
    if (delay !== undefined) await clock.sleep(delay.ms ?? 1000);
    if (response.destroyed || has("never-headers")) return;
    record.status = 200;
    await sayAnswer(response, saying);
  }

  return async (asked) => {
    const { record } = asked;
    const { route } = record;
    const refused = refusalOf(asked);
    if (refused !== undefined) return send(refused, asked);
    if (route === "models") {
      const data = models.names.map((name) => models.entry(name, dialect));
      return send(jsonReply(200, { object: "list", data }, { "content-type": dialect.json }), asked);
    }
    if (route === "other" || (route === "model" && !dialect.describesModels))
      return send(refusalReply(dialect, dialect.unknownRoute), asked);
    const isAsked = route === "chat" || route === "responses";
    const question = isAsked ? readQuestion(record.body, { route, dialect, call: calls.length + 1 }) : undefined;
    if (question !== undefined && "status" in question) return send(refusalReply(dialect, question), asked);
    const wanted = question?.model ?? asked.model ?? "";
    const model = question === undefined ? models.names.find((name) => name === wanted) : models.named(wanted);
    if (model === undefined) return send(refusalReply(dialect, dialect.unknownModel(wanted)), asked);
    if (question !== undefined) return generate(asked, question, model);
    return send(jsonReply(200, models.entry(model, dialect), { "content-type": dialect.json }), asked);
  };
}

/** These break off an answer that is sent whole. */
const BREAKING: readonly OpenAIFaultName[] = ["eof", "reset", "truncated", "short-body", "cut-body"];

/** What faults of a stream make of an answer that is sent whole. */
function spoiledBody(faults: readonly OpenAIFault[], dialect: Dialect): Reply | undefined {
  for (const fault of faults) {
    const shape = errorShapes.find((name) => name === fault.name);
    if (shape !== undefined) return jsonReply(200, errorBody(shape, fault, dialect), { "content-type": dialect.json });
  }
  return undefined;
}

/** Words for tokens: what a script does not say is at least never absurd. */
function usageOf({ messages }: OpenAIQuestion, ending: Ending, { countsEnd }: Dialect): Fields {
  const prompt = wordsOf(messages);
  const tokens = ending.tokens + (countsEnd && ending.finishReason === "stop" ? 1 : 0);
  return {
    prompt_tokens: prompt,
    completion_tokens: tokens,
    total_tokens: prompt + tokens,
    prompt_tokens_details: { cached_tokens: 0 },
  };
}
