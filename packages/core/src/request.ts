import { QwenError } from "./errors.ts";
import { readHeaders } from "./headers.ts";
import { copyOfList } from "./list-copy.ts";
import { aFlag, anAbortSignal, aPauseMs, aTableOf, isGroup, mustBe, type OptionNames, readOption } from "./options.ts";
import type { ContentPart, Message } from "./message.ts";
import type { ProviderRequest, Settings, Tool } from "./provider.ts";
import { aRequestId } from "./request-id.ts";
import { holdsSettings } from "./settings.ts";
import { readOnce } from "./read-once.ts";
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
    messages: readMessages(messages),
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
  const read = readOnce("A request to a provider", request, REQUEST_NAMES);
  const { model, messages, requestId, signal, settings, conversation, timeouts, maxQueueMs } = read;
  const { keepText, providerOptions, headers } = read;
  return {
    ...readAsked({ messages, settings, providerOptions }),
    model,
    conversation,
    requestId: readOption("requestId", requestId, aRequestId),
    signal: readOption("signal", signal, anAbortSignal),
    timeouts: readTimeouts(timeouts),
    maxQueueMs: readOption("maxQueueMs", maxQueueMs, aPauseMs),
    keepText: readOption("keepText", keepText, aFlag),
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
  keepText: true,
  providerOptions: true,
  headers: true,
};

function readMessages(messages: readonly Message[]): readonly Message[] {
  const list = listIn("messages", messages);
  if (list === undefined) return messages;
  const read = readEach("messages", list, headOf);
  for (let at = 0; at < read.length; at++) {
    const message = read[at];
    if (!isGroup(message)) continue;
    const { content } = message as MessageCopy;
    (message as MessageCopy).content =
      typeof content === "string" ? content.toWellFormed() : readContent(`messages[${at}].content`, content);
  }
  return read;
}

type MessageCopy = { -readonly [Name in keyof Message]: Message[Name] };

/** A copy whose content is the caller's still; what is no message stays as it is. */
function headOf(message: Message): Message {
  if (!isGroup(message)) return touched(message);
  const copy: Partial<MessageCopy> = { ...message };
  // Those of a message with a class may stand on its prototype.
  const { role = message.role, content = message.content } = copy;
  copy.role = role === "developer" ? "system" : role;
  copy.content = content;
  if (copy.providerMetadata !== undefined) copy.providerMetadata = snapshotOf(copy.providerMetadata);
  return copy as MessageCopy;
}

function readContent(path: string, content: readonly ContentPart[]): readonly ContentPart[] {
  const list = listIn(path, content);
  return list === undefined ? content : readEach(path, list, readPart);
}

function readPart(part: ContentPart): ContentPart {
  if (!isGroup(part)) return touched(part);
  const copy = { ...part };
  // Nearly all of them are text and nothing else.
  return copy.type === "text" && typeof copy.text === "string" && Object.keys(copy).length === 2
    ? { ...copy, text: copy.text.toWellFormed() }
    : snapshotOf(copy);
}

/** A copy of a list, its holes as `undefined`: what is none, as a hole is, is told where it stands. */
function listIn<Value>(path: string, given: readonly Value[]): Value[] | undefined {
  return readAt(path, () => (Array.isArray(given) ? copyOfList<Value>(given) : undefined));
}

/** The same list, each of its values read. */
function readEach<Value>(path: string, list: Value[], read: (value: Value) => Value): readonly Value[] {
  let at = 0;
  try {
    for (; at < list.length; at++) list[at] = read(list[at] as Value);
    return list;
  } catch (cause) {
    throw unreadable(`${path}[${at}]`, cause);
  }
}

function readAt<Value>(path: string, read: () => Value): Value {
  try {
    return read();
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** What a getter or a trap of the caller's throws ends the request before anything is sent. Its words may hold a secret: they are the cause. */
function unreadable(path: string, cause: unknown): QwenError {
  return new QwenError("invalid_request", `The request cannot be sent: ${path} cannot be read, it throws.`, { cause });
}

/** What ends a request that throws when it is looked at: by the path of what does, as far as reading it anew tells. */
export function unreadableRequest(request: Asked, cause: unknown): QwenError {
  try {
    const messages = readAt("messages", () => request.messages);
    readAsked({ messages, settings: readAt("settings", () => request.settings) });
  } catch (error) {
    if (QwenError.isInstance(error)) return error;
  }
  return unreadable("a part of it", cause);
}

function readSettings(settings: Settings): Settings {
  if (!holdsSettings(settings)) return touched(settings);
  const { tools, responseFormat, stopSequences, ...others } = settings;
  return {
    ...snapshotOf(others),
    ...(stopSequences !== undefined && {
      stopSequences: snapshotOf(Array.isArray(stopSequences) ? copyOfList(stopSequences) : stopSequences),
    }),
    // Schemas stay as they are: they may be of any library, and large.
    ...(tools !== undefined && {
      tools: Array.isArray(tools)
        ? copyOfList<Tool>(tools).map((tool) => (isGroup(tool) ? { ...tool } : touched(tool)))
        : tools,
    }),
    ...(responseFormat !== undefined && {
      responseFormat: isGroup(responseFormat) ? { ...responseFormat } : touched(responseFormat),
    }),
  };
}

/** The same value, which is told later for what it is. Throws where that could not be, as of a proxy that was revoked. */
function touched<Value>(value: Value): Value {
  if (typeof value === "object" && value !== null) Object.getPrototypeOf(value);
  return value;
}
