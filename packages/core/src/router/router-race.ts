import type { Completion } from "../completion.ts";
import type { AttemptSettings } from "./attempt-settings.ts";
import type { RaceOptions } from "./attempts-options.ts";
import { candidatesFor, longestQueue, type CandidatesOptions } from "./candidates.ts";
import { answerParts, checkedParts } from "./checked-answer.ts";
import { waysOf } from "./continuation.ts";
import { partsBehind, passing, type RoutedPart } from "./provider-parts.ts";
import { ofRequest, type CompleteOptions, type ReadRequest } from "./router-request.ts";

/** What a router says of all its requests, and a call of its own. */
export interface RouterRaceOptions extends CandidatesOptions, Omit<AttemptSettings, "maxQueueMs"> {
  readonly outcomeOnly: boolean;
  readonly onPart: CompleteOptions["onPart"];
}

/** The race for a request to a router. What it says itself is above what the router says. */
export function raceOf(request: ReadRequest, options: RouterRaceOptions): RaceOptions<RoutedPart, Completion> {
  const { commit = options.commit, retry, hedge, conversation } = request;
  const { outcomeOnly, onPart, maxQueueMs } = options;
  const pinned = conversation !== undefined;
  const reader = request.output === undefined ? partsBehind(request.messages) : checkedParts;
  return {
    candidates() {
      try {
        return candidatesFor(request, options);
      } catch (error) {
        throw ofRequest(error, request);
      }
    },
    reader: request.keepText === true ? reader : passing(reader),
    commit,
    outcomeOnly,
    onPart: onPart === undefined ? undefined : answerParts(onPart),
    continueBy: waysOf(request, commit),
    retry: retry === undefined ? options.retry : { ...options.retry, ...retry },
    hedge: pinned || hedge === false ? undefined : (hedge ?? options.hedge),
    strategy: pinned ? "in-order" : options.strategy,
    maxQueueMs: longestQueue(request, maxQueueMs),
  };
}
