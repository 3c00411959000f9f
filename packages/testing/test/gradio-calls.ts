import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";

/** A Gradio server: its address, and the prefix of its version. */
export interface Target {
  readonly url: string;
  readonly prefix: string;
}

/** A message as it stood on the wire. */
export type Message = Readonly<Record<string, unknown>> & { readonly msg: string };

/** What a stream said, and how it ended: properly, or by a broken connection. */
export interface Heard {
  readonly status: number;
  /** Every event, as text. */
  readonly events: readonly string[];
  readonly messages: readonly Message[];
  readonly end: "eof" | "broken" | "left";
}

export function targetOf({ url, version }: { readonly url: string; readonly version: string }): Target {
  return { url, prefix: version.startsWith("4.") ? "" : "/gradio_api" };
}

export function newSessionHash(): string {
  return randomUUID().slice(0, 12);
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Parsed where it is JSON. */
  readonly body: unknown;
}

/** Posts JSON on a connection of its own: Gradio closes one after an error without saying so. */
export async function post(
  target: Target,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Reply> {
  const sent = request(`${target.url}${target.prefix}${path}`, {
    method: "POST",
    agent: false,
    headers: { "content-type": "application/json", ...headers },
  });
  sent.end(typeof body === "string" ? body : JSON.stringify(body));
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  return { status: response.statusCode ?? 0, headers: response.headers, body: parsed(await text(response)) };
}

export async function join(
  target: Target,
  data: readonly unknown[],
  {
    fnIndex = 0,
    sessionHash = newSessionHash(),
    simpleFormat = false,
  }: { readonly fnIndex?: number; readonly sessionHash?: string; readonly simpleFormat?: boolean } = {},
): Promise<{
  readonly sessionHash: string;
  readonly eventId: string;
  readonly status: number;
  readonly body: unknown;
}> {
  const { status, body } = await post(target, "/queue/join", {
    data,
    fn_index: fnIndex,
    session_hash: sessionHash,
    event_data: null,
    trigger_id: 11,
    ...(simpleFormat ? { simple_format: true } : {}),
  });
  return { status, body, sessionHash, eventId: (body as { event_id?: string } | undefined)?.event_id ?? "" };
}

/** Listens until the end, or until `signal` says to leave. */
export async function listen(
  target: Target,
  path: string,
  { signal, onEvent }: { readonly signal?: AbortSignal; onEvent?: (event: string) => void } = {},
): Promise<Heard> {
  const events: string[] = [];
  let status = 0;
  let end: Heard["end"] = "eof";
  let buffer = "";
  try {
    const response = await fetch(`${target.url}${target.prefix}${path}`, signal === undefined ? {} : { signal });
    status = response.status;
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      buffer += decoder.decode(chunk, { stream: true });
      for (let at = buffer.indexOf("\n\n"); at !== -1; at = buffer.indexOf("\n\n")) {
        const event = buffer.slice(0, at);
        buffer = buffer.slice(at + 2);
        events.push(event);
        onEvent?.(event);
      }
    }
  } catch {
    end = signal?.aborted === true ? "left" : "broken";
  }
  if (buffer !== "") events.push(buffer);
  const messages = events.flatMap((event) => {
    const message = event.startsWith("data: ") ? parsed(event.slice(6)) : undefined;
    return isMessage(message) ? [message] : [];
  });
  return { status, events, messages, end };
}

/** A whole call by the queue. */
export async function call(
  target: Target,
  data: readonly unknown[],
  options: Parameters<typeof join>[2] = {},
): Promise<Heard> {
  const { sessionHash } = await join(target, data, options);
  return listen(target, `/queue/data?session_hash=${sessionHash}`);
}

/** The kinds of messages, in order. */
export function kinds({ messages }: Heard): string[] {
  return messages.map(({ msg }) => msg);
}

/** The `data` of the last message that has any. */
export function lastData({ messages }: Heard): readonly unknown[] | undefined {
  return messages
    .flatMap((message) => {
      const data = (message["output"] as { data?: readonly unknown[] } | undefined)?.data;
      return data === undefined ? [] : [data];
    })
    .at(-1);
}

function parsed(content: string): unknown {
  try {
    return JSON.parse(content) as unknown;
  } catch {
    return content;
  }
}

function isMessage(value: unknown): value is Message {
  return typeof value === "object" && value !== null && "msg" in value;
}
