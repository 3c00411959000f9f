import { Later } from "../later.ts";

/** What it takes to answer: loaded with the first request. */
export const jobs = /* @__PURE__ */ new Later(() => import("./jobs.ts"));

/** What it takes to run any endpoint, and to say what there is: loaded when a `connectSpace()` is first asked. */
export const spaceCalls = /* @__PURE__ */ new Later(() => import("./space-calls.ts"));

/** What that hands out. */
export type SpaceCalls = Awaited<ReturnType<typeof spaceCalls.load>>;

/** What it takes to find out what a Space is, and to ask one of which nothing else is known. */
export const sessionCalls = /* @__PURE__ */ new Later(() => import("./session-calls.ts"));

/** What sends and fetches files: loaded with the first of them. */
export const fileTransfers = /* @__PURE__ */ new Later(() => import("./file-transfers.ts"));

/** What wakes a Space: loaded when one sleeps. */
export const wakings = /* @__PURE__ */ new Later(() => import("./waking.ts"));

/** What makes and checks schemas, a third of this package's code: loaded beside the first answer, or for a schema made of builders. */
export const schemas = /* @__PURE__ */ new Later(() => import("#schema"));
