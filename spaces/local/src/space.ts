import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { cacheFolder } from "./cache.ts";
import { modelId } from "./model.ts";
import { type ServerProcess, startServer } from "./server-process.ts";
import { createVenv } from "./venv.ts";

/** The Spaces of this repository, by the names of their folders. */
export type SpaceName = "max" | "1m" | "72b" | "qvq";

/** Options of {@link startSpace}. */
export interface StartSpaceOptions {
  /**
   * Where the model is served, such as the `url` of `startModel()`.
   *
   * @defaultValue none: the Space runs its deterministic scripts
   */
  readonly modelUrl?: string | undefined;

  /**
   * Path of another requirements file, for another version of Gradio.
   *
   * @defaultValue the folder's own `requirements.txt`
   */
  readonly requirements?: string | undefined;

  /** Environment variables of the app. */
  readonly env?: Readonly<Record<string, string>> | undefined;

  /** Called with short lines for a person to read while packages arrive. */
  readonly onProgress?: ((line: string) => void) | undefined;

  /** Ends the installation or the start; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;

  /**
   * How long the app may take to start, in milliseconds; the installation has no limit.
   *
   * @defaultValue 60_000
   */
  readonly timeoutMs?: number | undefined;
}

/**
 * Starts a Gradio app, one of this repository's Spaces or the folder of another, on this machine.
 *
 * Needs no network once its packages are there.
 */
export async function startSpace(
  space: SpaceName | URL,
  { modelUrl, requirements, env, onProgress, signal, timeoutMs }: StartSpaceOptions = {},
): Promise<ServerProcess> {
  const url = space instanceof URL ? space : new URL(`../../${space}/`, import.meta.url);
  const folder = fileURLToPath(url);
  const python = await createVenv(requirements ?? join(folder, "requirements.txt"), {
    onProgress,
    signal,
  });
  return startServer({
    name: `The Space ${space instanceof URL ? folder : space}`,
    python,
    program: join(folder, "app.py"),
    env: (port) => ({
      GRADIO_SERVER_NAME: "127.0.0.1",
      GRADIO_SERVER_PORT: String(port),
      // Nothing may phone home, or wait for a network that is not there.
      GRADIO_ANALYTICS_ENABLED: "False",
      GRADIO_SSR_MODE: "False",
      GRADIO_TEMP_DIR: join(cacheFolder, "gradio"),
      HF_HUB_OFFLINE: "1",
      HF_HUB_DISABLE_TELEMETRY: "1",
      ...(modelUrl === undefined
        ? { QWEN_SPACES: "scripted" }
        : {
            OPENAI_BASE_URL: `${modelUrl}/v1`,
            OPENAI_API_KEY: "none",
            MODEL: modelId,
            // A small model may not find an end by itself.
            MAX_TOKENS: "512",
          }),
      ...env,
    }),
    cwd: folder,
    readyPath: "/config",
    timeoutMs,
    signal,
  });
}
