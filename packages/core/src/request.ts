import { QwenError } from "./errors.ts";
import { readHeaders } from "./headers.ts";
import {
  anAbortSignal,
  aPauseMs,
  aTableOf,
  isGroup,
  mustBe,
  type OptionNames,
  readOption,
  refuseUnknown,
} from "./options.ts";
import type { ContentPart, Message } from "./message.ts";
import type { ProviderRequest, Settings } from "./provider.ts";
import { aRequestId } from "./request-id.ts";
import { holdsSettings } from "./settings.ts";
import { snapshotOf } from "./snapshot.ts";
import { readTimeouts } from "./timers.ts";

/** What of a request is asked of the model, whoever it is sent to. */
export type Asked = Pick<ProviderRequest, "messages" | "settings" | "providerOptions">;

/**
 * What is asked, as it stands now: what its caller changes later changes nothing.
 *
 * Lists and objects are copied, their text well-formed; images, files, schemas and whatever has a class stay as they are.
 * `developer` becomes `system`. Messages and settings are not checked: what is none stays what it is. Throws `invalid_request`
 * with the path of what cannot be read, and a `TypeError` for `providerOptions` that are no plain object.
 */
export function readAsked({ messages, settings, providerOptions }: Asked): Asked {
  return {
    messages: readMessages(messages),
    settings: settings === undefined ? undefined : readAt("settings", () => readSettings(settings)),
    providerOptions: readProviderOptions(providerOptions),
  };
}

function readProviderOptions(options: Asked["providerOptions"]): Asked["providerOptions"] {
  if (options === undefined) return undefined;
  const expected = readAt("providerOptions", () => optionsById(options));
  if (expected !== undefined) throw mustBe("providerOptions", expected, options);
  return readAt("providerOptions", () => snapshotOf(options));
}

const optionsById = aTableOf("options by provider id");

/** A copy of what was read, for who may write on it. */
export function copyOfAsked({ messages, settings, providerOptions }: Asked): Asked {
  return {
    messages: messages.map(readMessage),
    settings: settings === undefined ? undefined : readSettings(settings),
    providerOptions: snapshotOf(providerOptions),
  };
}

/** Throws `invalid_request` for what is no request at all. */
export function checkIsRequest(request: unknown): void {
  if (!isGroup(request)) throw new QwenError("invalid_request", "The request must be an object with `messages`.");
}

/**
 * A request to one provider as it stands now, each getter read once.
 *
 * Throws a `TypeError` for an option that is none, naming it and what it must be.
 */
export function readProviderRequest(request: ProviderRequest): ProviderRequest {
  checkIsRequest(request);
  refuseUnknown("A request to a provider", request, REQUEST_NAMES);
  const { model, messages, requestId, signal, settings, conversation, timeouts, maxQueueMs } = request;
  const { providerOptions, headers } = request;
  return {
    ...readAsked({ messages, settings, providerOptions }),
    model,
    conversation,
    requestId: readOption("requestId", requestId, aRequestId),
    signal: readOption("signal", signal, anAbortSignal),
    timeouts: readTimeouts(timeouts),
    maxQueueMs: readOption("maxQueueMs", maxQueueMs, aPauseMs),
    headers: readHeaders("headers", headers),
  };
}

/** The name of each option of a request to a provider. */
export const REQUEST_NAMES: OptionNames<ProviderRequest> = {
  model: true,
  messages: true,
  requestId: true,
  signal: true,
  settings: true,
  conversation: true,
  timeouts: true,
  maxQueueMs: true,
  providerOptions: true,
  headers: true,
};

// Long lists of a router's request are copied once, not by each attempt. A short one costs less to copy than to mark.
const copied = new WeakSet<readonly Message[]>();
const LONG_LIST = 100;

function readMessages(messages: readonly Message[]): readonly Message[] {
  // A hole is no message, which `map` would leave a hole.
  const list = readAt("messages", () => (Array.isArray(messages) && !copied.has(messages) ? [...messages] : undefined));
  if (list === undefined) return messages;
  const read = list.map(readMessage);
  if (read.length > LONG_LIST) copied.add(read);
  return read;
}

type MessageCopy = { -readonly [Name in keyof Message]: Message[Name] };

function readMessage(message: Message, at: number): Message {
  const copy = readAt(`messages[${at}]`, () => headOf(message));
  if (copy === undefined) return message;
  const { content } = copy;
  copy.content = typeof content === "string" ? content.toWellFormed() : readContent(content, `messages[${at}].content`);
  return copy;
}

/** A copy whose content is the caller's still; `undefined` of what is no message. */
function headOf(message: Message): MessageCopy | undefined {
  if (!isGroup(message)) return undefined;
  const copy: Partial<MessageCopy> = { ...message };
  // Those of a message with a class may stand on its prototype.
  const { role = message.role, content = message.content } = copy;
  copy.role = role === "developer" ? "system" : role;
  copy.content = content;
  if (copy.providerMetadata !== undefined) copy.providerMetadata = snapshotOf(copy.providerMetadata);
  return copy as MessageCopy;
}

function readContent(content: readonly ContentPart[], path: string): readonly ContentPart[] {
  const list = readAt(path, () => (Array.isArray(content) ? Array.from<ContentPart>(content) : undefined));
  return list === undefined ? content : list.map((part, at) => readAt(`${path}[${at}]`, () => readPart(part)));
}

function readPart(part: ContentPart): ContentPart {
  if (!isGroup(part)) return part;
  const copy = { ...part };
  // Nearly all of them are text and nothing else.
  return copy.type === "text" && typeof copy.text === "string" && Object.keys(copy).length === 2
    ? { ...copy, text: copy.text.toWellFormed() }
    : snapshotOf(copy);
}

/** What a getter or a trap of the caller's throws ends the request before anything is sent. Its words may hold a secret: they are the cause. */
function readAt<Value>(path: string, read: () => Value): Value {
  try {
    return read();
  } catch (cause) {
    throw new QwenError("invalid_request", `The request cannot be sent: ${path} cannot be read, it throws.`, { cause });
  }
}

function readSettings(settings: Settings): Settings {
  if (!holdsSettings(settings)) return settings;
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
