// What a call of a Space takes once it has begun: loaded with the first one, or with the first `/config`.
export { readConfig } from "./config-reader.ts";
export { statusFailure } from "./failure.ts";
export { answer } from "./space-answer.ts";
export { runEndpoint } from "./endpoint-run.ts";
export { Session } from "./session.ts";
export { uploadFile } from "./upload.ts";
export { answerInSession } from "./session-answer.ts";
export { makePlan } from "./space-plan.ts";
