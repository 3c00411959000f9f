// What operators see of a router, as the compiler knows it. Compiled against the packed packages with TypeScript 7 and 5.9,
// and from source by `pnpm typecheck`. A line that must not compile stands below a `@ts-expect-error` that says why.
import {
  createRouter,
  QwenError,
  type Attempt,
  type Logger,
  type ModelHealth,
  type Provider,
  type RouterEvent,
  type StreamPart,
} from "@qwen/core";
import { createCircuitBreaker, createLimiter, type BreakerFactory, type LimiterFactory } from "@qwen/core/router";

const own = {
  id: "own",
  models: [{ id: "own-1" }],
  async *stream({ requestId }) {
    const id: string | undefined = requestId;
    yield { type: "text-delta", text: id ?? "" };
    yield { type: "finish", reason: "stop" };
  },
} as const satisfies Provider;
const messages = [{ role: "user", content: "Hi" }] as const;

// A logger of pino, as its own types have it: overloads, and a format after the message.
interface PinoLike {
  (fields: object, message?: string, ...args: unknown[]): void;
  (message: string, ...args: unknown[]): void;
}
declare const pino: {
  readonly debug: PinoLike;
  readonly info: PinoLike;
  readonly warn: PinoLike;
  readonly error: PinoLike;
};

{
  // Both are loggers, and so is what is written in place.
  const loggers: readonly Logger[] = [console, pino];
  for (const logger of loggers) createRouter({ plugins: [own], logger });
  const quiet = (): void => {};
  createRouter({
    plugins: [own],
    logger: { debug: quiet, info: quiet, warn: quiet, error: (fields) => void fields.requestId },
  });
  // @ts-expect-error: `error` is missing
  createRouter({ plugins: [own], logger: { debug: quiet, info: quiet, warn: quiet } });
}

{
  // An id goes in, and comes back with the answer, with errors and with events.
  const router = createRouter({ plugins: [own] });
  const stream = router.stream({ model: "own-1", messages, requestId: "7" });
  const id: string = stream.requestId;
  void stream.completion.then(({ requestId }) => requestId === id);
  void router.complete({ model: "own-1", messages }).catch((error: unknown) => {
    const known: string | undefined = QwenError.isInstance(error) ? error.requestId : undefined;
    return known;
  });
  // @ts-expect-error: an id is a string
  void router.stream({ model: "own-1", messages, requestId: 7 });
  // @ts-expect-error: it cannot be changed
  stream.requestId = "8";
}

{
  // Events are a union by their type.
  const router = createRouter({ plugins: [own] });
  const told = (event: RouterEvent): unknown => {
    switch (event.type) {
      case "request-ended": {
        const attempts: readonly Attempt[] = event.attempts;
        const outcome: "answered" | "failed" | "cancelled" = event.outcome;
        return [event.requestId, event.name, outcome, event.firstOutputMs, event.usage?.outputTokens, attempts];
      }
      case "queued":
        return event.position + (event.etaMs ?? 0);
      case "admitted":
        return event.waitedMs;
      case "continued":
        return [event.continuedAt, event.continuedBy];
      case "attempt-started":
        return event.hedge;
      case "breaker-changed":
        // @ts-expect-error: it is of no request
        return event.requestId;
      default:
        return event.requestId;
    }
  };
  const stop: () => void = router.observe(told);
  stop();
}

{
  // Whoever watches gets the parts of a stream; a router may be drained.
  const router = createRouter({ plugins: [own] });
  const onPart = (part: StreamPart): void => void (part.type === "queue" && part.position);
  void router.complete({ model: "own-1", messages }, { onPart });
  void router.complete({ model: "own-1", messages }, {});
  // @ts-expect-error: no such option
  void router.complete({ model: "own-1", messages }, { onPrat: onPart });
  void router.close();
  void router.close({ drainMs: 5000 });
  // @ts-expect-error: a time is a number of ms
  void router.close({ drainMs: "5s" });
}

{
  // The default ones can be wrapped; health is data.
  const breaker: BreakerFactory = ({ provider, model }, hooks) =>
    createCircuitBreaker(provider === model ? { openMs: 1 } : {}, hooks);
  const limiter: LimiterFactory = (provider, limits) =>
    provider === "own" ? createLimiter(provider, { ...limits, maxConcurrent: 2 }) : undefined;
  const router = createRouter({ plugins: [own], breaker, limiter });
  const health: readonly ModelHealth[] = router.health();
  const latency: number | undefined = health[0]?.latencyMs;
  void latency;
  // @ts-expect-error: a breaker tells at once
  createRouter({ plugins: [own], breaker: async (_, hooks) => createCircuitBreaker({}, hooks) });
}
