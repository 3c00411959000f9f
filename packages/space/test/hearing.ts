import type { Provider, ProviderPart, ProviderRequest } from "@qwen/core";

/** What an answer was. */
export interface Told {
  readonly text: string;
  readonly thought: string;
  readonly files: readonly string[];
  readonly warned: readonly string[];
}

/** Reads an answer to its end. */
export async function hear(provider: Pick<Provider, "stream">, request: ProviderRequest): Promise<Told> {
  let told = NOTHING;
  for await (const part of provider.stream(request)) told = heardAfter(told, part);
  return told;
}

/** The words of an answer, by its parts. */
export function words(parts: readonly ProviderPart[]): Pick<Told, "text" | "thought"> {
  const { text, thought } = parts.reduce(heardAfter, NOTHING);
  return { text, thought };
}

const NOTHING: Told = { text: "", thought: "", files: [], warned: [] };

function heardAfter(told: Told, part: ProviderPart): Told {
  switch (part.type) {
    case "text-delta":
      return { ...told, text: told.text + part.text };
    case "text-replace":
      return { ...told, text: part.text };
    case "reasoning-delta":
      return { ...told, thought: told.thought + part.text };
    case "file":
      return { ...told, files: [...told.files, part.url.href] };
    case "finish":
      return { ...told, warned: (part.warnings ?? []).map(({ feature }) => feature) };
    default:
      return told;
  }
}
