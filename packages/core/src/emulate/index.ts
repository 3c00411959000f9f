export { emulate, type Emulated, type EmulateOptions } from "./emulate.ts";
