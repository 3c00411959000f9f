import type { StreamBody } from "./stream-body.ts";

/** A success, as its handler gives it: whoever serves it writes it, or makes a response of it. */
export class Answer {
  readonly headers: Readonly<Record<string, string>>;
  /** All that is said, or what comes. */
  readonly body: string | StreamBody;

  /** The names of headers are in small letters. */
  constructor(body: Answer["body"], headers: Answer["headers"]) {
    this.body = body;
    this.headers = headers;
  }

  /** The same answer with more headers. */
  with(headers: Answer["headers"]): Answer {
    return new Answer(this.body, { ...this.headers, ...headers });
  }

  toResponse(): Response {
    const { body, headers } = this;
    return new Response(typeof body === "string" ? body : body.readable(), { headers });
  }
}
