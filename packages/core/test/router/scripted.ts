import type { ModelInfo, Provider, ProviderRequest } from "../../src/provider.ts";
import type { ProviderPart } from "../../src/part.ts";

/** A step of a script: a part to yield, an error to throw, a time to wait, or a wait without end. */
export type Step = ProviderPart | Error | { readonly waitMs: number } | "stall";

export interface Scripted extends Provider {
  /** The requests it got, in order. */
  readonly requests: readonly ProviderRequest[];
  /** How many of its streams are not over. */
  readonly open: () => number;
}

export const capabilities = {
  images: false,
  system: "native",
  history: "native",
  conversation: false,
  tools: false,
  json: false,
} as const;

const DEFAULT_MODELS: readonly [ModelInfo, ...ModelInfo[]] = [{ id: "m", aliases: [], capabilities }];

/** A provider that plays one script after the other, the last one for ever. It ignores signals, as a bad one would. */
export function scripted(
  id: string,
  scripts: readonly (readonly Step[])[],
  { models = DEFAULT_MODELS }: { readonly models?: readonly [ModelInfo, ...ModelInfo[]] } = {},
): Scripted {
  const requests: ProviderRequest[] = [];
  let open = 0;

  async function* play(script: readonly Step[]): AsyncGenerator<ProviderPart> {
    open++;
    try {
      for (const step of script) {
        if (step === "stall") await new Promise(() => {});
        else if (step instanceof Error) throw step;
        else if ("waitMs" in step) await new Promise((resolve) => setTimeout(resolve, step.waitMs));
        else yield step;
      }
    } finally {
      open--;
    }
  }

  return {
    id,
    models,
    requests,
    open: () => open,
    stream(request) {
      const script = scripts[Math.min(requests.length, scripts.length - 1)] ?? [];
      requests.push(request);
      return play(script);
    },
  };
}

export const text = (words: string): ProviderPart => ({ type: "text-delta", text: words });
/** What a router begins with where the provider says nothing. */
export const start: ProviderPart = { type: "start", warnings: [] };
export const finish: ProviderPart = { type: "finish", reason: "stop", warnings: [] };
export const messages = [{ role: "user", content: "Hi" }] as const;

/** All parts of an iteration, and what it threw. */
export async function collect<Part>(
  stream: AsyncIterable<Part>,
): Promise<{ readonly parts: readonly Part[]; readonly error: unknown }> {
  const parts: Part[] = [];
  try {
    for await (const part of stream) parts.push(part);
    return { parts, error: undefined };
  } catch (error) {
    return { parts, error };
  }
}

/** The types of parts, with the text of deltas. */
export function outline(parts: readonly { readonly type: string; readonly text?: unknown }[]): readonly string[] {
  return parts.map(({ type, text: words }) => (typeof words === "string" ? words : type));
}
