// What `connectSpace` takes once it is asked for something. It is a file of its own beside `jobs.ts`, from which it takes what
// providers need as well: what a provider does not need it does not load.
export { readEndpoints } from "./known-endpoints.ts";
export { clientOf, whenAwake } from "./jobs.ts";
export { runEndpoint } from "./endpoint-run.ts";
export { describeInWords } from "./space-in-words.ts";
