// What a call of a Space takes once it has begun: loaded with the first one, or with the first `/config`.
export { clientOf } from "./client.ts";
export { failureOf, statusFailure } from "./failure.ts";
export { fileUrl } from "./file-url.ts";
export { answer, awakeFor, mayHaveChanged } from "./space-answer.ts";
export { whenAwake } from "./awake.ts";
export { readInfo } from "./info.ts";
export { Job } from "./job.ts";
export { livePart } from "./job-listener.ts";
export { hasNoRoute, wasLost } from "./join.ts";
export { isLeftOut, isUpdate, OutputFollower } from "./outputs.ts";
export { areEdits, Editor, isSamePath, LOOKED_AT, parseEdits } from "./diff.ts";
export { RequestSession } from "./input-session.ts";
export { runUnqueued } from "./run.ts";
export { TrackedEndpoint } from "./tracked-endpoint.ts";
export { filePath, uploadPath } from "./wire.ts";
export { Session } from "./session.ts";
