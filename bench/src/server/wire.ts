import { randomUUID } from "node:crypto";

/** The versions of Gradio that the server can speak. */
export const GRADIO_VERSIONS = ["5.50", "6.31"] as const;

/** A version of Gradio that the server can speak. */
export type GradioVersion = (typeof GRADIO_VERSIONS)[number];

/** What the server speaks: a version of Gradio, or OpenAI's chat completions. */
export type Protocol = GradioVersion | "chat";

/** The texts of one job's messages, as they stand on the wire. */
export interface Wire {
  readonly eventId: string;
  /** What comes before the first output. */
  opening(): string;
  /** The first output, which is whole. */
  first(token: string): string;
  /** What stands before and after the token of every later output: putting them together is all the work. */
  delta(tokenBytes: number): readonly [before: string, after: string];
  /** The last output, which is whole. */
  completed(text: string): string;
}

// As long as the real ones, and always the same, so that counts of bytes are exact.
const DURATION = "0.020148038864135742";
const AVERAGE = "0.006148039178514482";

/**
 * Writes one job's messages as Gradio does: 5.50 those of Qwen2.5-Max, whose answer is the second text of a pair in the
 * second of three outputs; 6.31 those of a text box.
 */
export function createWire(version: GradioVersion, data: readonly unknown[]): Wire {
  const eventId = randomUUID().replaceAll("-", "");
  const is6 = version === "6.31";
  const prompt = JSON.stringify(data[0]);
  const system = JSON.stringify(data[2] ?? "");
  const outputs = (text: string): string =>
    is6 ? `[${JSON.stringify(text)}]` : `["",[[${prompt},${JSON.stringify(text)}]],${system}]`;
  const output = (values: string, isGenerating: boolean): string =>
    `{"data":${values},"is_generating":${isGenerating},"duration":${DURATION},"average_duration":${AVERAGE},"render_config":null,"changed_state_ids":[]${is6 ? ',"used_cache":null' : ""}}`;
  const generating = (values: string): string =>
    `{"msg":"process_generating","event_id":"${eventId}","output":${output(values, true)},"success":true,"time_limit":null}`;

  return {
    eventId,
    opening: () =>
      chunk(`{"msg":"estimation","event_id":"${eventId}","rank":0,"queue_size":1,"rank_eta":null}`) +
      chunk(`{"msg":"process_starts","event_id":"${eventId}","eta":null}`),
    first: (token) => chunk(generating(outputs(token))),
    delta(tokenBytes) {
      const marker = "\0";
      const edits = is6 ? `[[["append",[],"${marker}"]]]` : `[[],[["append",[0,1],"${marker}"]],[]]`;
      const [before = "", after = ""] = message(generating(edits)).split(marker);
      const size = Buffer.byteLength(before) + tokenBytes + Buffer.byteLength(after);
      return [`${size.toString(16)}\r\n${before}`, `${after}\r\n`];
    },
    completed(text) {
      const cache = is6 ? `,"used_cache":null,"cache_duration":${DURATION},"avg_time":${AVERAGE}` : "";
      return chunk(
        `{"msg":"process_completed","event_id":"${eventId}","output":${output(outputs(text), false)},"success":true,"title":null${cache}}`,
      );
    },
  };
}

/** The head of a stream's response. */
export function streamHead(): string {
  return head("text/event-stream; charset=utf-8", "Transfer-Encoding: chunked");
}

/** The end of a stream, once all jobs of its session are. */
export function streamEnd(): string {
  return `${chunk('{"msg":"close_stream","event_id":null}')}0\r\n\r\n`;
}

/** A whole response with a JSON body. */
export function jsonResponse(body: string, status = "200 OK"): string {
  return `${head("application/json", `content-length: ${Buffer.byteLength(body)}`, status)}${body}`;
}

function head(contentType: string, framing: string, status = "200 OK"): string {
  const common = `HTTP/1.1 ${status}\r\ndate: ${new Date().toUTCString()}\r\nserver: uvicorn\r\n`;
  const type = `content-type: ${contentType}\r\n`;
  // uvicorn adds what the app leaves out, and that comes last.
  return framing.startsWith("content-length")
    ? `${common}${framing}\r\n${type}\r\n`
    : `${common}${type}${framing}\r\n\r\n`;
}

function message(json: string): string {
  return `data: ${json}\n\n`;
}

/** A message of a stream in a chunk of its own. */
export function chunk(json: string): string {
  const text = message(json);
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}
