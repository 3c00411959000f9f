export { type FindPythonOptions, findPython, type Python } from "./python.ts";
export { isSetupError, SetupError, type SetupErrorReason } from "./setup-error.ts";
export { createVenv, type CreateVenvOptions } from "./venv.ts";
export { type ServerProcess } from "./server-process.ts";
export { modelId, startModel, type StartModelOptions } from "./model.ts";
export { type SpaceName, startSpace, type StartSpaceOptions } from "./space.ts";
export { type GradioVersion, startProtocolApp, type StartProtocolAppOptions } from "./protocol-app.ts";
