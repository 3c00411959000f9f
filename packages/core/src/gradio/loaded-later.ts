import { Later } from "../later.ts";

/** What it takes to answer: loaded with the first request. */
export const jobs = new Later(() => import("./jobs.ts"));

/** What makes and checks schemas, a third of this package's code: loaded beside the first answer, or for a schema made of builders. */
export const schemas = new Later(() => import("#schema"));
