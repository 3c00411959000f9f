export {
  connectSpace,
  createSessionProvider,
  createSpaceProvider,
  dialogueOf,
  fileSource,
  filesOf,
  imageSource,
  imagesOf,
  inspectSpace,
  isBlob,
  isGroup,
  Later,
  printable,
  promptOf,
  readable,
  readOptions,
  spaceUrl,
  textOf,
  warnOfSettings,
} from "#core";
export type { Space, SpaceSession } from "./space.ts";
export type { ProgressBar, SpaceMessage } from "./space-message.ts";
export type { ReadFileOptions, SpaceFile } from "./space-file.ts";
export type { EndpointParameter, EndpointReturn, SpaceEndpoint, ValueRange } from "./space-endpoint.ts";
export type { EndpointInputs, SubmitOptions } from "./submit-options.ts";
export type {
  AnsweringSession,
  SessionDefinition,
  SessionEndpoint,
  SessionLook,
  SessionReader,
  SpacePage,
  TextPath,
} from "./session-definition.ts";
export type { SessionProviderOptions } from "./session-provider.ts";
export type { SpaceProviderOptions } from "./space-provider.ts";
export type { InputSession, OutputSchema, SchemaBuilders, SpaceDefinition, SpaceRequest } from "./space-definition.ts";
export type { Dialogue } from "../dialogue.ts";
export type { Rule, Rules } from "../options.ts";
export type { SpaceTarget } from "./address.ts";
export type { AnswerLocation } from "./answer.ts";
export type { ClientOptions } from "./client-options.ts";
export type { Endpoint } from "./config.ts";
export type { FileData, UploadOptions } from "./upload.ts";
export type {
  BodySink,
  ResponseBody,
  Transport,
  TransportOptions,
  TransportRequest,
  TransportResponse,
} from "../http/transport.ts";
// What a factory returns, so that a plugin can name it in its declarations.
export type { ModelInfo, Provider, ProviderRequest, SomeModels } from "../provider.ts";
export type { ProviderPart } from "../part.ts";
