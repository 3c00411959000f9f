import type { ProviderPart } from "../../src/part.ts";

export const delta = (text: string): ProviderPart => ({ type: "text-delta", text });
export const rewrite = (text: string): ProviderPart => ({ type: "text-replace", text });

/** Replays parts as a consumer that shows them would. */
export function shown(parts: readonly (ProviderPart | undefined)[]): string {
  let text = "";
  for (const part of parts) {
    if (part?.type === "text-delta") text += part.text;
    if (part?.type === "text-replace") ({ text } = part);
  }
  return text;
}
