import type { Message, Provider, ProviderPart, ProviderRequest } from "@qwen/core";
import type { SpaceEmulator } from "@qwen/testing";

/** A question, by itself or after others. */
export function asked(content: Message["content"], ...earlier: readonly Message[]): Pick<ProviderRequest, "messages"> {
  return { messages: [...earlier, { role: "user", content }] };
}

/** An answer read to its end. */
export interface Heard {
  readonly parts: readonly ProviderPart[];
  readonly text: string;
  readonly conversation: string | undefined;
}

/** Reads an answer as a consumer who takes rewrites in. */
export async function hear(provider: Provider, request: ProviderRequest): Promise<Heard> {
  const parts: ProviderPart[] = [];
  let text = "";
  let conversation: string | undefined;
  for await (const part of provider.stream(request)) {
    parts.push(part);
    if (part.type === "text-delta") text += part.text;
    else if (part.type === "text-replace") ({ text } = part);
    else if (part.type === "finish") ({ conversation } = part);
  }
  return { parts, text, conversation };
}

/** What a Space was sent: method and path without its query, and the body. */
export function sentTo({ requests }: SpaceEmulator): readonly (readonly [string, unknown])[] {
  return requests.map(({ method, path, body }) => [`${method} ${path.replace(/\?.*/, "")}`, body] as const);
}
