// What a call of a Space takes once it has begun: loaded with the first one, or with the first `/config`.
export { readConfig } from "./config-reader.ts";
export { failureOf, statusFailure } from "./failure.ts";
export { download } from "./download.ts";
export { fileUrl } from "./file-url.ts";
export { answer } from "./space-answer.ts";
export { whenAwake } from "./awake.ts";
export { readInfo } from "./info.ts";
export { Job } from "./job.ts";
export { hasNoRoute, wasLost } from "./join.ts";
export { OutputFollower } from "./outputs.ts";
export { runUnqueued } from "./run.ts";
export { TrackedEndpoint } from "./tracked-endpoint.ts";
export { filePath } from "./wire.ts";
export { Session } from "./session.ts";
export { uploadFile } from "./upload.ts";
export { answerInSession } from "./session-answer.ts";
export { makePlan } from "./space-plan.ts";
