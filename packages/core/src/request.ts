import { QwenError } from "./errors.ts";
import { readHeaders } from "./headers.ts";
import { anAbortSignal, aPauseMs, isGroup, readOption } from "./options.ts";
import type { ContentPart, Message } from "./message.ts";
import type { ProviderRequest, Settings } from "./provider.ts";
import { snapshotOf } from "./snapshot.ts";
import { readTimeouts } from "./timers.ts";

/** What of a request is asked of the model, whoever it is sent to. */
type Asked = Pick<ProviderRequest, "messages" | "settings" | "providerOptions">;

/**
 * A request as it stands now: what its caller changes later changes nothing, and each getter is read once.
 *
 * Lists and objects are copied, their text well-formed; images, schemas and whatever has a class stay as they are.
 * `developer` becomes `system`. Nothing is checked but that it is an object: else it is `invalid_request`.
 */
export function readRequest<Request extends Asked>(request: Request): Request {
  if (!isGroup(request)) throw new QwenError("invalid_request", "The request must be an object with `messages`.");
  const { messages, settings, providerOptions, ...others } = request;
  return {
    ...others,
    messages: readMessages(messages),
    ...(settings !== undefined && { settings: readSettings(settings) }),
    ...(providerOptions !== undefined && { providerOptions: snapshotOf(providerOptions) }),
  } as unknown as Request;
}

/**
 * A request to one provider as it stands now, its options looked at.
 *
 * Throws a `TypeError` for an option that is none, naming it and what it must be.
 */
export function readProviderRequest(request: ProviderRequest): ProviderRequest {
  const asked = readRequest(request);
  return {
    ...asked,
    signal: readOption("signal", asked.signal, anAbortSignal),
    timeouts: readTimeouts(asked.timeouts),
    maxQueueMs: readOption("maxQueueMs", asked.maxQueueMs, aPauseMs),
    headers: readHeaders("headers", asked.headers),
  };
}

// Those of a router's request are copied once, not by each attempt.
const copied = new WeakSet<readonly Message[]>();

function readMessages(messages: readonly Message[]): readonly Message[] {
  if (!Array.isArray(messages) || copied.has(messages)) return messages;
  const read: Message[] = [];
  // By index: a hole is no message, which `map` would leave a hole.
  for (let index = 0; index < messages.length; index++) read.push(readMessage(messages[index]));
  copied.add(read);
  return read;
}

function readMessage(message: Message): Message {
  if (!isGroup(message)) return message;
  const { role, content, ...others } = message;
  return {
    ...others,
    role: role === "developer" ? "system" : role,
    content: typeof content === "string" ? content.toWellFormed() : readContent(content),
  };
}

function readContent(content: readonly ContentPart[]): readonly ContentPart[] {
  if (!Array.isArray(content)) return content;
  return Array.from<ContentPart>(content).map((part) => {
    if (!isGroup(part)) return part;
    const copy = { ...part };
    return copy.type === "text" && typeof copy.text === "string" ? { ...copy, text: copy.text.toWellFormed() } : copy;
  });
}

function readSettings(settings: Settings): Settings {
  if (!isGroup(settings)) return settings;
  const { tools, responseFormat, ...others } = settings;
  return {
    ...snapshotOf(others),
    // Schemas stay as they are: they may be of any library, and large.
    ...(tools !== undefined && {
      tools: Array.isArray(tools) ? Array.from(tools, (tool) => (isGroup(tool) ? { ...tool } : tool)) : tools,
    }),
    ...(responseFormat !== undefined && {
      responseFormat: isGroup(responseFormat) ? { ...responseFormat } : responseFormat,
    }),
  };
}
