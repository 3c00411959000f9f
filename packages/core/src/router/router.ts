/// <reference lib="esnext.disposable" preserve="true" />
import type { Completion } from "../completion.ts";
import { copyOfList } from "../list-copy.ts";
import { shortened } from "../nearest.ts";
import { aFunction, isGroup, mustBe, readable, readOptions } from "../options.ts";
import type { Capabilities, ModelInfo } from "../provider.ts";
import { snapshotOf } from "../snapshot.ts";
import { readOnce } from "../read-once.ts";
import { DEFAULT_TIMEOUTS, readTimeouts } from "../timers.ts";
import { type AttemptSettings, continues, readAttemptSettings } from "./attempt-settings.ts";
import type { ObjectCompletion } from "./checked-answer.ts";
import { closeProvider, readDrainMs, RunningCalls, type CloseOptions } from "./closing.ts";
import { createHealth, type BreakerChange, type ModelHealth } from "./health.ts";
import { observersWith } from "./logger.ts";
import type { Observers, RouterEvent } from "./observers.ts";
import { noOutputHere } from "./output.ts";
import type { RoutedPart } from "./provider-parts.ts";
import type { NamesOf, Plugin } from "./plugin.ts";
import { readProviderSettings, withWeights, type ProviderSettings } from "./provider-settings.ts";
import { registeredBy, type Registered } from "./registration.ts";
import { createNames, type ListedName } from "./registry.ts";
import { OPTION_NAMES, type NamesOfAll, type RouterOptions } from "./router-options.ts";
import {
  labelOf,
  type CompleteOptions,
  nameOf,
  ofRequest,
  readRouterRequest,
  type ObjectRequest,
  type ReadRequest,
  type RouterRequest,
} from "./router-request.ts";
import { createRouterStream, type RouterStream } from "./router-stream.ts";
import { Run } from "./run.ts";
import type { Strategy } from "./strategy.ts";
import { isWanted, readWanted } from "./wanted.ts";

/** A name that a request may use, and who could be meant by it. */
export interface RouterName<Names extends string = string> {
  readonly name: Names;
  readonly kind: ListedName["kind"];
  /** In the order they are tried. Those of an alias with two meanings are all listed. */
  readonly candidates: readonly { readonly provider: string; readonly model: ModelInfo }[];
}

/** Sends each request to the first provider able to answer it. */
export interface Router<Names extends string = string> {
  /**
   * Streams one answer. Throws nothing itself: whatever is wrong comes from the iteration.
   *
   * Goes on to the next candidate only while nothing has been shown yet (see `commit`): a
   * half-delivered answer is never restarted, and gone on with only where `commit` says so.
   */
  stream(request: RouterRequest<Names>): RouterStream;
  /** The whole answer, and the `object` in it that the schema of `output` made. `text` is as it came. */
  complete<Value>(request: ObjectRequest<Names, Value>, options?: CompleteOptions): Promise<ObjectCompletion<Value>>;
  /** The whole answer, exact. A failure in mid-answer is tried again like any other. */
  complete(
    request: RouterRequest<Names> & { readonly output?: undefined },
    options?: CompleteOptions,
  ): Promise<Completion>;
  /** Adds a plugin to this router, all of it or none, and returns it with the wider type. Its providers have the settings for all. */
  use<const P extends Plugin>(plugin: P): Router<Names | NamesOf<P>>;
  /** Whether a request may use the name. */
  has(name: string): name is Names;
  /** Routes, model ids and aliases; each model can be had as `provider/model` as well. */
  readonly names: readonly RouterName<Names>[];
  /**
   * Those of the names that lead to a model which can do all that is wanted, each with such candidates only; without those that
   * have two meanings. What a model does not say of itself counts as the default that `Capabilities` names: of one that does
   * not tell which settings it honours, none is known. Throws a `TypeError` for what is no capability.
   */
  find(wanted: Capabilities): readonly RouterName<Names>[];
  /** How each model is doing. */
  health(): readonly ModelHealth[];
  /** Watches the router's work until the returned function is called. An observer that throws disturbs nothing. */
  observe(observer: (event: RouterEvent) => void): () => void;
  /**
   * Ends what is left: its calls under way, which reject with an `AbortError`, and what the providers keep open. Waits for
   * no call of anybody else's at the same providers: for the clean-ups of a Space 4 s at most, for a provider of somebody's
   * own 1.5 s; what is left then goes on behind it. The router stays usable.
   *
   * With `drainMs` it takes no calls any more, which reject with an `AbortError`, and ends those under way only that much later;
   * another `close()` meanwhile ends them at once. Rejects for an option that is none, with a `TypeError`, and else never.
   */
  close(options?: CloseOptions): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Combines providers into one that sends each request to the first of them able to answer it.
 *
 * Throws a `TypeError` for two providers of one id, for a name that is another provider's `provider/model`, for a route of a
 * plugin that is called as anything else is, for a route in a circle, for what is no plugin, for settings of a provider that
 * nobody has and for an option that is none; and `no_such_model` for a route to a name that nobody has. Options are read once:
 * what their owner changes later changes nothing.
 *
 * @example
 * ```ts
 * const router = createRouter({
 *   plugins: [qwenMax(), qwen72B()],
 *   routes: { smart: ["qwen-2.5-max", "qwen-2-72b"] },
 * });
 * const { text } = await router.complete({ model: "smart", messages: [{ role: "user", content: "Hi" }] });
 * ```
 */
export function createRouter<const P extends readonly Plugin[], const R = {}>(
  options: RouterOptions<P, R>,
): Router<NamesOfAll<P> | (keyof R & string)> {
  const { plugins, routes = {}, breaker, limits, limiter, logger, ...others } = optionsIn(options);
  const timeouts = readTimeouts(others.timeouts);
  const registered = pluginsIn(plugins).map(registeredBy);
  const names = createNames(registered, routes);
  const own = readProviderSettings(others.providers, names.ids);
  const { strategy: told, settings } = withWeights(others.strategy, own, names.ids);
  const { retry, commit, hedge, strategy: chosen, maxQueueMs } = readAttemptSettings({ ...others, strategy: told });
  const strategy = strategyOf(chosen, settings);
  const observers = observersWith(logger);
  const onBreakerChange = (change: BreakerChange): void => observers.tell({ type: "breaker-changed", ...change });
  const health = createHealth({ breaker, limits, limiter, providers: Object.fromEntries(settings), onBreakerChange });
  const running = new RunningCalls();
  const usual = { names, health, timeouts, settings, retry, commit, hedge, strategy, maxQueueMs };
  for (const plugin of registered) listBy(plugin);
  for (const plugin of registered) observeBy(plugin);

  function observeBy(plugin: Registered): void {
    for (const observer of plugin.observers) observers.add(observer);
  }

  /** Those are listed as well that nobody has asked for yet. */
  function listBy({ entries }: Registered): void {
    for (const { provider, model } of entries) health.of(provider.id, model.id);
  }

  function run(
    given: RouterRequest,
    { completing, outcomeOnly = false }: RunOptions = {},
  ): Run<RoutedPart, Completion> {
    let request: ReadRequest;
    let onPart: CompleteOptions["onPart"];
    try {
      ({ onPart } = readOptions("options", completing, { onPart: aFunction }) ?? {});
      request = readRouterRequest(given, names.ids);
      request = { ...request, keepText: outcomeOnly || keepsText(request, { retry, commit }) };
      if (request.output !== undefined && !outcomeOnly) throw noOutputHere();
    } catch (error) {
      return refused(given, error, observers);
    }
    return new Run({
      model: nameOf(request.model),
      requestId: request.requestId,
      outcomeOnly,
      forgets: request.keepText !== true,
      // Looked up when the work starts, so that a wrong request fails where its errors are expected.
      race: ({ raceOf }) => raceOf(request, { ...usual, outcomeOnly, onPart }),
      totalMs: Math.min(
        request.timeouts?.totalMs ?? timeouts?.totalMs ?? DEFAULT_TIMEOUTS.totalMs,
        request.atMost?.timeouts?.totalMs ?? Infinity,
      ),
      signal: request.signal,
      observers,
      running,
    });
  }

  const complete = async (request: RouterRequest, completing?: CompleteOptions): Promise<Completion> =>
    run(request, { completing, outcomeOnly: true }).completion();

  const router: Router = {
    stream: (request) => createRouterStream(run(request)),
    // A request with `output` is answered with an object, by its reader.
    complete: complete as Router["complete"],
    use(plugin) {
      const added = registeredBy(plugin);
      // A breaker or a limiter that cannot be made leaves the router as it was.
      names.add(added, listBy);
      observeBy(added);
      return router;
    },
    has: (name): name is string => names.has(name),
    get names() {
      return names.list().map(asTold);
    },
    find(given) {
      const wanted = readWanted(given);
      return names.list().flatMap((listed) => {
        const entries = listed.isAmbiguous ? [] : listed.entries.filter(({ model }) => isWanted(model, wanted));
        return entries.length === 0 ? [] : [asTold({ ...listed, entries })];
      });
    },
    health() {
      return health.list().filter(({ provider }) => names.ids.has(provider));
    },
    observe: observers.add,
    async close(how) {
      const drainMs = readDrainMs(how);
      if (drainMs !== undefined) await running.drain(drainMs);
      running.end();
      await Promise.all(names.providers.map(closeProvider));
    },
    [Symbol.asyncDispose]: () => router.close(),
  };
  return router as Router<NamesOfAll<P> | (keyof R & string)>;
}

/** Whether an answer that is passed on is kept: its caller wants it, or somebody looks at it again. */
function keepsText(
  { keepText = true, ...asked }: ReadRequest,
  { retry, commit }: Pick<AttemptSettings, "retry" | "commit">,
): boolean {
  return (
    keepText || (asked.retry?.shouldRetry ?? retry?.shouldRetry) !== undefined || continues(asked.commit ?? commit)
  );
}

function optionsIn(options: RouterOptions): RouterOptions {
  if (!isGroup(options)) throw mustBe("options", "an object with `plugins`", options);
  return readOnce("A router", options, OPTION_NAMES);
}

/** With its holes, which are no plugins either. */
function pluginsIn(plugins: readonly Plugin[]): readonly Plugin[] {
  const list = readable("plugins", () => (Array.isArray(plugins) ? copyOfList<Plugin>(plugins) : undefined));
  if (list === undefined) throw new TypeError("`plugins` must be an array of plugins.");
  return list;
}

/** The run of a request that could not be read, which fails where its errors are expected. */
function refused(given: unknown, error: unknown, observers: Observers): Run<RoutedPart, Completion> {
  const label = labelOf(given);
  const race = (): never => {
    throw ofRequest(error, label);
  };
  return new Run({ ...label, race, observers });
}

/** How a request is run. */
interface RunOptions {
  /** Of a `complete()`. */
  readonly completing?: CompleteOptions | undefined;
  /** Only the outcome is wanted: it is a `complete()`. */
  readonly outcomeOnly?: boolean | undefined;
}

/** Weights are for the one strategy that looks at them. */
function strategyOf(
  chosen: Strategy | undefined,
  settings: ReadonlyMap<string, ProviderSettings>,
): Strategy | undefined {
  const weighted = [...settings].find(([, { weight }]) => weight !== undefined)?.[0];
  if (weighted === undefined || chosen === "weighted") return chosen;
  if (chosen === undefined) return "weighted";
  throw new TypeError(
    `\`providers.${shortened(weighted)}.weight\` is for \`strategy: "weighted"\`, and the strategy is "${chosen}". Leave one of them out.`,
  );
}

/** A name as it is handed out. Its candidates are copies: who shows them may write on them. */
function asTold({ name, kind, entries }: ListedName): RouterName {
  return {
    name,
    kind,
    candidates: entries.map(({ provider, model }) => ({ provider: provider.id, model: snapshotOf(model) })),
  };
}
