import { inspectSpace, Later } from "@qwen/core/gradio";

import type { SpaceDescription } from "./description.ts";
import { asking } from "./loaded-later.ts";
import { readSpaceOptions, type SpaceOptions } from "./space-options.ts";

/**
 * Looks at a Space, and tells how `space()` asks it: which endpoint answers, what runs before it, which input is what.
 *
 * Reads `/config`, and `/info` where an input has no label; nothing is run. Rejects as a first call would: with `unsupported` and what
 * there is where no chat can be told.
 *
 * @example
 * ```ts
 * console.log(String(await describeSpace("owner/name")));
 * ```
 */
export async function describeSpace(target: string | URL, options: SpaceOptions = {}): Promise<SpaceDescription> {
  const { overrides, client } = readSpaceOptions(options);
  return inspectSpace(target, {
    ...client,
    async look(source) {
      // Made here, as a bundle would keep a constant where nobody asks for this.
      const telling = new Later(() => import("./description.ts"));
      const [{ planOf }, { Description }] = await Promise.all([asking.load(), telling.load()]);
      const { plan, page } = await planOf(source, overrides);
      return new Description(source.url, { plan, page });
    },
  });
}
