export { createRouterProvider, type RouterProvider, type RouterProviderOptions } from "./router-provider.ts";
export type { RouterCallOptions } from "./router-provider-request.ts";
export type { RouterMetadata } from "./router-provider-words.ts";
export type { ShownAttempt } from "./api-error.ts";
