import { type Answering, streamOf } from "../answering.ts";
import type { Provider, SomeModels } from "../provider.ts";
import type { ProviderPart } from "../part.ts";
import { markOwn } from "../own-functions.ts";
import { anId, type OptionNames, readOption } from "../options.ts";
import { readTimeouts } from "../timers.ts";
import type { SpaceTarget } from "./address.ts";
import type { DefinedSpace } from "./answering-space.ts";
import type { Call } from "../call.ts";
import { CLIENT_OPTIONS, readNames, type ClientOptions } from "./client-options.ts";
import { readConnection } from "./connection.ts";
import { readDefinition } from "./definition-reader.ts";
import { LaterClient } from "./later-client.ts";
import { jobs } from "./loaded-later.ts";
import { OutputsSchema } from "./outputs-schema.ts";
import type { SpaceDefinition } from "./space-definition.ts";

/** Options that every provider of a Space takes. */
export interface SpaceProviderOptions<Id extends string = string> extends ClientOptions {
  /** Another Space that speaks the same wire: `owner/name` or a URL. */
  readonly space?: SpaceTarget | undefined;
  /**
   * Which http(s) URLs in messages are fetched: those of public addresses, or any. Say "any" only where you trust whoever
   * writes the messages with all that this machine can reach.
   *
   * @defaultValue "public"
   */
  readonly urls?: "public" | "any" | undefined;
  /** Another id, to register two of the same kind in one router. */
  readonly id?: Id | undefined;
}

/**
 * Turns a Gradio Space into a provider.
 *
 * The first call is two requests on one connection; `/config` is read after the first text, to make
 * sure that the endpoint is still the one that was meant. The final value of a job always wins.
 *
 * Definition and options are read once. Throws a `TypeError` for what is wrong in them, naming it and what it must be.
 */
export function createSpaceProvider<
  const Id extends string,
  const Models extends SomeModels,
  const Given extends string = Id,
>(
  given: SpaceDefinition<Id, Models[number]> & { readonly models: Models },
  givenOptions: SpaceProviderOptions<Given> = {},
): Provider<NoInfer<Given>, Models[number]> {
  const definition = readDefinition<Id, Models[number]>(given);
  const options = readNames<SpaceProviderOptions<Given>>("A provider of a Space", givenOptions, OPTION_NAMES);
  const { space: target = definition.space } = options;
  const client = new LaterClient(readConnection(target, { ...options, apiPrefix: definition.apiPrefix }));
  // Without a given id, Given is Id by its default, which the compiler cannot see here.
  const id = readOption("id", options.id, anId) ?? (definition.id as string as Given);
  const timeouts = readTimeouts(options.timeouts);
  const space: DefinedSpace = {
    id,
    client,
    definition,
    outputs: new OutputsSchema(definition.outputs),
    timeouts,
  };

  return {
    id,
    models: definition.models,
    timeouts: timeouts && { ...timeouts },
    stream: streamOf(space, answerBy),
    close: markOwn(() => client.close()),
  };
}

function answerBy(asked: Answering<DefinedSpace>, call: Call<ProviderPart>): Promise<void> {
  const { outputs } = asked.by;
  if (jobs.now !== undefined && outputs.isMade) return jobs.now.answer(asked, call);
  return Promise.all([jobs.load(), outputs.make()]).then(([{ answer }]) => answer(asked, call));
}

const OPTION_NAMES: OptionNames<SpaceProviderOptions> = { ...CLIENT_OPTIONS, space: true, urls: true, id: true };
