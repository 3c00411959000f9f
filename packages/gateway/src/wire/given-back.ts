import type { ProviderMetadata, ToolCallPart } from "@qwen/core";
import { type Body, isObject } from "./fields.ts";

type Told = Pick<ToolCallPart, "providerMetadata">;

/**
 * A field of a call for what its vendor wants back with it, as `@qwen/openai-compatible` tells that: clients that keep what they do not
 * know send it back. `undefined` where there is nothing.
 */
export function givenBack({ providerMetadata }: Told): Body | undefined {
  const qwen = handedOn(providerMetadata);
  return qwen === undefined ? undefined : { extra_content: { qwen } };
}

/** What of that a call has that comes back. */
export function givenBackIn({ extra_content: extra }: Body): Told {
  const providerMetadata = isObject(extra) ? handedOn(extra["qwen"]) : undefined;
  return providerMetadata === undefined ? {} : { providerMetadata };
}

/**
 * By provider, fields of the call and of the message with it. Nothing else comes back by a caller's hand: to a model of the AI SDK it
 * would be options, which are its operator's to give.
 */
function handedOn(metadata: unknown): ProviderMetadata | undefined {
  if (!isObject(metadata)) return undefined;
  const own = Object.entries(metadata).flatMap(([provider, told]) => {
    const { call, message } = isObject(told) ? told : {};
    const fields = { ...(isObject(call) && { call }), ...(isObject(message) && { message }) };
    return Object.keys(fields).length === 0 ? [] : [[provider, fields] as const];
  });
  return own.length === 0 ? undefined : Object.fromEntries(own);
}
