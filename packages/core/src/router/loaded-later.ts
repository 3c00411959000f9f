import { Later } from "../later.ts";

/** What it takes to ask candidates and to read what they say: loaded with the first request. */
export const asking = /* @__PURE__ */ new Later(() => import("./asking.ts"));

/** What that hands out. */
export type Asking = Awaited<ReturnType<typeof asking.load>>;
