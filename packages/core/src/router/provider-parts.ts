import { isBlank } from "../blank-text.ts";
import { allWarnings, Collector, type Completion, PassingCollector } from "../completion.ts";
import { disregard } from "../disregard.ts";
import { field } from "../field.ts";
import { isGroup } from "../options.ts";
import type { Message } from "../message.ts";
import { ownPart } from "../part-copy.ts";
import type { AttemptPart, ProviderPart, RouterFinishPart, Warning } from "../part.ts";
import { sealConversation } from "./conversation.ts";
import { emptyByReason } from "./empty-answer.ts";
import type { PartReader } from "./part-reader.ts";

/** A part on its way through the router: its `finish` is sealed when it leaves. */
export type RoutedPart = ProviderPart | AttemptPart | RouterFinishPart;

/** Reads the parts of a {@link Provider}. Types it does not know are live. */
export const providerParts: PartReader<RoutedPart, Completion> = {
  kind(part) {
    switch (part.type) {
      case "text-delta":
      case "text-replace":
      case "reasoning-delta":
        if (typeof part.text !== "string")
          throw new TypeError(`It yielded a "${part.type}" whose \`text\` is no string.`);
        return isBlank(part.text) ? "opening" : "output";
      case "file":
      case "tool-input-delta":
      case "tool-call":
        return "output";
      case "start":
        return "start";
      case "reasoning-end":
      case "source":
        return "opening";
      case "finish":
        // It is read again once the attempt is over: what throws is to throw while that is to blame.
        Object.values(part);
        return "finish";
      default:
        if (typeof part.type === "string") return "live";
        disregard(part);
        throw new TypeError("It yielded something that is no part: an object with a `type`.");
    }
  },
  own: ownPart,
  // A provider throws its errors; it has no part for them.
  errorOf: () => undefined,
  restates: (part) => part.type === "text-replace",
  isText: (part) => part.type === "text-delta" || part.type === "text-replace",
  textIn: (part) => (part.type === "text-delta" || part.type === "text-replace" ? part.text : ""),
  textPart: (text) => ({ type: "text-delta", text }),
  isStop: (part) => part.type === "finish" && part.reason === "stop",
  emptyError: (part, { provider }) => (part.type === "finish" ? emptyByReason(part.reason, provider) : undefined),
  usageOf: (part) => (part.type === "finish" ? part.usage : undefined),
  queueOf: (part) => (part.type === "queue" ? part : undefined),
  attempt: ({ provider, model, number, lastError }) => ({
    type: "attempt",
    provider,
    model,
    number,
    ...(lastError !== undefined && { lastError }),
  }),
  sealed(part, { requestId, provider, model, attempts, start, before }) {
    if (part.type !== "finish") return part;
    const known = start?.type === "start" ? start : undefined;
    const { conversation, usage: told, reason, response: service, ...finish } = part;
    const [early, since, usage] = [fieldsOf(known?.response), fieldsOf(service), fieldsOf(told)];
    const response = early === undefined ? since : { ...early, ...since };
    // The side of a seam that broke off never told its own.
    const isContinued = attempts.some(({ continuedBy }) => continuedBy !== undefined);
    // Behind a beginning the server has heard only half of it.
    const isHalf = attempts.at(-1)?.continuedBy === "prefill";
    const sealed =
      conversation === undefined || isHalf ? undefined : sealConversation({ provider, model, conversation });
    return {
      ...finish,
      // Providers written without the compiler may have nothing to say about it.
      reason: typeof reason === "string" ? reason : "other",
      ...(usage !== undefined && !isContinued && { usage }),
      warnings: [...before, known, part].reduce(withWarningsOf, NONE),
      ...(response !== undefined && { response }),
      requestId,
      provider,
      model,
      attempts,
      ...(sealed !== undefined && { conversation: sealed }),
    };
  },
  collect: () => new Collector(),
};

/** How the parts of an answer to messages are read. Behind the results of tools a model may have nothing more to say. */
export function partsBehind(messages: readonly Message[]): PartReader<RoutedPart, Completion> {
  const last: Message | undefined = Array.isArray(messages) ? messages.at(-1) : undefined;
  return last?.role === "tool" ? partsBehindResults : providerParts;
}

const partsBehindResults: PartReader<RoutedPart, Completion> = {
  ...providerParts,
  kind(part) {
    const kind = providerParts.kind(part);
    return kind === "finish" && part.type === "finish" && part.reason === "stop" ? "whole" : kind;
  },
};

/** The same of an answer of which nothing is kept. */
export function passing(reader: PartReader<RoutedPart, Completion>): PartReader<RoutedPart, Completion> {
  return { ...reader, forgets: true, collect: () => new PassingCollector() };
}

const NONE: readonly Warning[] = [];

function withWarningsOf(warnings: readonly Warning[], part: RoutedPart | undefined): readonly Warning[] {
  return part?.type === "start" || part?.type === "finish" ? allWarnings(warnings, part.warnings) : warnings;
}

/** A copy of what has fields. Providers written without the compiler may give anything in its place. */
function fieldsOf<Value extends object>(given: Value | undefined): Value | undefined {
  return field(() => (isGroup(given) && !("then" in given) ? { ...given } : undefined));
}
