// What the entries hand out, as one file: resolving a file costs Node more than reading it, and the
// entries share one copy of the errors. They name what of it is public.
export * from "./dialogue.ts";
export * from "./error-copy.ts";
export * from "./error-rules.ts";
export * from "./errors.ts";
export * from "./message.ts";
export * from "./wrap-provider.ts";
export * from "./capabilities.ts";
export * from "./timers.ts";
export * from "./http/data-url.ts";
export * from "./http/elsewhere.ts";
export * from "./http/events.ts";
export * from "./http/follow.ts";
export * from "./http/retry-after.ts";
export * from "./http/transport.ts";
export { createTransport } from "#transport";
export * from "./gradio/space.ts";
export * from "./gradio/space-provider.ts";
export * from "./router/attempts.ts";
export * from "./router/circuit-breaker.ts";
export * from "./router/health.ts";
export * from "./router/limiter.ts";
export * from "./router/observers.ts";
export * from "./router/router.ts";
export * from "./router/strategy.ts";
export { resolveTimeouts } from "./timers.ts";
