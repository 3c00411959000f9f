// The one file of the package that is needed here, which it has no types for.
declare module "rate-limiter-flexible/lib/RateLimiterMemory.js" {
  import type { RateLimiterMemory } from "rate-limiter-flexible";
  const Memory: typeof RateLimiterMemory;
  export default Memory;
}
