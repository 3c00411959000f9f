import { QwenError, type AnyQwenError } from "@qwen/core";
import type { SpacePage } from "@qwen/core/gradio";

import { readPage, type Page } from "./page.ts";
import { needsParameters, parametersIn } from "./parameters.ts";
import { planFor, type Overrides, type Plan } from "./plan.ts";

/**
 * Plans how a Space is asked, by its `/config`, and by `/info` where an input is called nothing on the page. Throws as
 * {@link planFor} does.
 */
export async function planOf(
  source: SpacePage,
  overrides: Overrides,
): Promise<{ readonly plan: Plan; readonly page: Page }> {
  const bare = readPage(source);
  const page = needsParameters(bare, overrides) ? readPage(source, await parametersOf(source, bare)) : bare;
  return { plan: planFor(page, overrides), page };
}

async function parametersOf(source: SpacePage, page: Page): Promise<ReadonlyMap<unknown, string>> {
  try {
    return parametersIn(await source.info(), page);
  } catch (error) {
    // A Space may be without it, or fail to say (its own bug, and it stays): then there is what the page says. What is over in a
    // moment is no reason to ask for ten minutes without settings.
    if (QwenError.isInstance(error) && !isPassing(error)) return new Map();
    throw error;
  }
}

function isPassing({ code, status = 0 }: AnyQwenError): boolean {
  return code === "connection" || code === "timeout" || code === "rate_limited" || status > 500;
}
