// What it takes to find the chat of a Space, and to ask it or tell of it: loaded once its config is there, as an import need not know.
export { Description } from "./description.ts";
export { planOf } from "./planning.ts";
export { fingerprintOf } from "./plan.ts";
export { play } from "./playing.ts";
