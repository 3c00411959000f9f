// The providers of Spaces for the examples of the READMEs, which name no Space: here they ask emulators.
import { qwen1M as real1M } from "@qwen/1m";
import { qwen72B as real72B } from "@qwen/72b";
import { qwenMax as realMax } from "@qwen/max";
import { qvq as realQvq } from "@qwen/qvq";

const { env } = process;

interface Options {
  readonly space?: string;
}

export const qwenMax = (options?: Options) => realMax({ ...options, space: local(options, env["SPACE_MAX"]) });
export const qwen1M = (options?: Options) => real1M({ ...options, space: local(options, env["SPACE_1M"]) });
export const qwen72B = (options?: Options) => real72B({ ...options, space: local(options, env["SPACE_72B"]) });
export const qvq = (options?: Options) => realQvq({ ...options, space: local(options, env["SPACE_QVQ"]) });

/** An example that starts a Space of its own is left to it. */
function local({ space }: Options = {}, emulator: string | undefined): string | undefined {
  return space?.startsWith("http://127.0.0.1") === true ? space : emulator;
}
