// What a Space of which nothing is known takes once it is asked for something, or looked at. It is a file of its own beside `jobs.ts`,
// from which it takes what other providers need as well: what those do not need they do not load.
export { clientOf, whenAwake } from "./jobs.ts";
export { answerInSession } from "./session-answer.ts";
export { makePlan } from "./space-plan.ts";
