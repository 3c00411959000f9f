import { type Answering, streamOf } from "../answering.ts";
import { aFunction, type OptionNames, requireOption } from "../options.ts";
import { markOwn } from "../own-functions.ts";
import type { ProviderPart } from "../part.ts";
import type { Provider, SomeModels } from "../provider.ts";
import { readTimeouts, resolveTimeouts } from "../timers.ts";
import type { SpaceTarget } from "./address.ts";
import type { Call } from "../call.ts";
import { CLIENT_OPTIONS, readNames, type ClientOptions } from "./client-options.ts";
import { readConnection } from "./connection.ts";
import { readSessionDefinition } from "./definition-reader.ts";
import { LaterClient } from "./later-client.ts";
import { sessionCalls } from "./loaded-later.ts";
import type { PlannedSpace } from "./session-answer.ts";
import type { SessionDefinition, SpacePage } from "./session-definition.ts";
import { withinTotal } from "./total.ts";

/** How to reach a Space that is looked at. */
export interface SessionProviderOptions extends ClientOptions {
  /** As of {@link SpaceProviderOptions}. */
  readonly urls?: "public" | "any" | undefined;
}

const OPTION_NAMES: OptionNames<SessionProviderOptions> = { ...CLIENT_OPTIONS, urls: true };

/**
 * Turns a Gradio Space, of which nothing is known but what it says of itself, into a provider.
 *
 * `/config` is read before the first call and not again, unless a call fails as it would on a Space that was changed. Each
 * request has a session of its own, in which the definition runs what there is to run.
 *
 * Definition and options are read once. Throws a `TypeError` for what is wrong in them, naming it and what it must be.
 */
export function createSessionProvider<const Id extends string, const Models extends SomeModels, Plan>(
  given: SessionDefinition<Id, Models[number], Plan> & { readonly models: Models },
  givenOptions: SessionProviderOptions = {},
): Provider<Id, Models[number]> {
  const definition = readSessionDefinition<Id, Models[number], Plan>(given);
  const options = readNames("A provider of a Space", givenOptions, OPTION_NAMES);
  const client = new LaterClient(readConnection(definition.space, options));
  const timeouts = readTimeouts(options.timeouts);
  const { id, models } = definition;
  const space: PlannedSpace<Plan> = { id, client, definition, timeouts };

  const answer = (asked: Answering<PlannedSpace<Plan>>, call: Call<ProviderPart>): Promise<void> =>
    sessionCalls.now?.answerInSession(asked, call) ??
    sessionCalls.load().then(({ answerInSession }) => answerInSession(asked, call));

  return {
    id,
    models,
    timeouts: timeouts && { ...timeouts },
    stream: streamOf(space, answer),
    close: markOwn(() => client.close()),
  };
}

/**
 * Reads what a Space says of itself, and resolves with what `look` makes of it; nothing is left open. Rejects as a first call
 * would.
 */
export async function inspectSpace<Value>(
  space: SpaceTarget,
  given: SessionProviderOptions & { look(page: SpacePage): Value | Promise<Value> },
): Promise<Value> {
  const { look, ...options } = readNames("A Space", given, { ...OPTION_NAMES, look: true });
  requireOption("look", look, aFunction);
  const later = new LaterClient(readConnection(space, options));
  const { totalMs } = resolveTimeouts(readTimeouts(options.timeouts));
  try {
    return await withinTotal(totalMs, async (signal) => {
      const { clientOf, makePlan, whenAwake } = await sessionCalls.load();
      const client = clientOf(later);
      return whenAwake({ client, stop: signal }, () => makePlan(client, { plan: look }, signal));
    });
  } finally {
    await later.close();
  }
}
