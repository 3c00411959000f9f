// What it takes to find the chat of a Space, and to ask it: loaded once its config is there, as an import need not know.
export { planOf } from "./planning.ts";
export { fingerprintOf } from "./plan.ts";
export { play } from "./playing.ts";
