import { QwenError } from "@qwen/core";
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
  const page = needsParameters(bare, { endpoint: overrides.endpoint, answer: overrides.answer })
    ? readPage(source, await parametersOf(source, bare))
    : bare;
  return { plan: planFor(page, overrides), page };
}

async function parametersOf(source: SpacePage, page: Page): Promise<ReadonlyMap<unknown, string>> {
  try {
    return parametersIn(await source.info(), page);
  } catch (error) {
    // A Space may be without it, and then there is what the page says.
    if (QwenError.isInstance(error)) return new Map();
    throw error;
  }
}
