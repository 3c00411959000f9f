import { fileURLToPath } from "node:url";

import type { ServerProcess } from "./server-process.ts";
import { startSpace, type StartSpaceOptions } from "./space.ts";

/** The versions of Gradio that clients are tested against; each stands for its major. */
export type GradioVersion = "4.44" | "5.50" | "6.31";

/** Options of {@link startProtocolApp}. */
export interface StartProtocolAppOptions extends Pick<StartSpaceOptions, "onProgress" | "signal" | "timeoutMs"> {
  /**
   * How many calls may wait in its queue before more are refused.
   *
   * @defaultValue no limit
   */
  readonly maxQueueSize?: number | undefined;

  /**
   * A login, as `user:password`.
   *
   * @defaultValue none is asked for
   */
  readonly auth?: string | undefined;

  /**
   * The path or URL that the app believes to be reached at.
   *
   * @defaultValue its own address
   */
  readonly rootPath?: string | undefined;
}

const folder = new URL("../../../packages/core/test/apps/protocol/", import.meta.url);

/** Starts the app with one endpoint for each thing that Gradio's protocol can do; `app.py` in its folder lists them. */
export function startProtocolApp(
  version: GradioVersion,
  { maxQueueSize, auth, rootPath, ...options }: StartProtocolAppOptions = {},
): Promise<ServerProcess> {
  return startSpace(folder, {
    ...options,
    requirements: fileURLToPath(new URL(`requirements-${version}.txt`, folder)),
    env: {
      ...(maxQueueSize === undefined ? {} : { MAX_QUEUE_SIZE: String(maxQueueSize) }),
      ...(auth === undefined ? {} : { AUTH: auth }),
      ...(rootPath === undefined ? {} : { ROOT_PATH: rootPath }),
    },
  });
}
