// Compiled against the packed packages with TypeScript 7 and 5.9, and from source by `pnpm typecheck`.
// A line that must not compile stands below a `@ts-expect-error` that says why.
import { QwenError } from "@qwen/core";

export function codeOf(error: unknown): string | undefined {
  return QwenError.isInstance(error) ? error.code : undefined;
}

// @ts-expect-error: the codes are a closed list
export const error = new QwenError("no_such_code", "Some message.");
