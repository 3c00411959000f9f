export { createSpaceEmulator, type SpaceEmulator, type SpaceEmulatorOptions } from "./emulator/emulator.ts";
export { type Fault, type FaultLike, type FaultName, faultNames, type RouteName } from "./emulator/faults.ts";
export { type GradioVersion } from "./emulator/flavour.ts";
export { type Job } from "./emulator/job.ts";
export { type Answers } from "./emulator/model.ts";
export { type RecordedRequest } from "./emulator/request.ts";
export { type Answer, type AnswerContext, type AnswerLike, type AnswerStep } from "./emulator/script.ts";
export { type SpaceShape } from "./emulator/shape.ts";
export { standardAnswer } from "./emulator/standard-answers.ts";
export {
  type ContractCheck,
  type ContractService,
  type ContractSubject,
  type KnownAnswer,
} from "./contract/contract-subject.ts";
export { conformance } from "./conformance/conformance.ts";
export { type ConformanceOptions, type ConformanceService } from "./conformance/conformance-subject.ts";
export { type SaidPart, type TestedCall, type TestedModel } from "./conformance/tested-model.ts";
export { providerContract, testProvider, type TestProviderOptions } from "./contract/contract.ts";
export { knownAnswers, serviceOf } from "./contract/service.ts";
export { type OpenAICall } from "./openai/call.ts";
export { type OpenAIDialectName } from "./openai/dialect.ts";
export { createOpenAIEmulator, type OpenAIEmulator, type OpenAIEmulatorOptions } from "./openai/emulator.ts";
export {
  type OpenAIFault,
  type OpenAIFaultLike,
  type OpenAIFaultName,
  openAIFaultNames,
  type OpenAIRoute,
} from "./openai/faults.ts";
export { type OpenAIAnswers } from "./openai/models.ts";
export { type OpenAIQuestion, type RecordedOpenAIRequest } from "./openai/request.ts";
export {
  type OpenAIAnswer,
  type OpenAIAnswerLike,
  type OpenAIAnswerStep,
  type OpenAIToolCall,
} from "./openai/script.ts";
export { type ScriptedError } from "./openai/scripted-error.ts";
export {
  type ScriptedCall,
  type ScriptedModel,
  scriptedProvider,
  type ScriptedProvider,
  type ScriptedProviderOptions,
  type ScriptItem,
} from "./scripted-provider.ts";
export { type UploadedFile } from "./server/exchange.ts";
