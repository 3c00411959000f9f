/** What an error of the gateway says on the wire, in the words of OpenAI's. */
export interface RefusalOptions {
  /** The HTTP status. */
  readonly status: number;
  /** What programs tell it by. @defaultValue null, as of a request that is simply wrong */
  readonly code?: string | undefined;
  /** Safe to show to anybody: nothing a caller wrote beyond a short, printable name. */
  readonly message: string;
  /** @defaultValue "server_error" from 500, "rate_limit_error" for 429, else "invalid_request_error" */
  readonly type?: string | undefined;
  /** The parameter that is wrong. */
  readonly param?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** A request that the gateway refuses by itself, before any model is asked. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: number;
  readonly code: string | null;
  readonly type: string;
  readonly param: string | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor({ status, code, message, type, param, headers = {} }: RefusalOptions) {
    super(message);
    this.status = status;
    this.code = code ?? null;
    this.type = type ?? typeOf(status);
    this.param = param;
    this.headers = headers;
  }

  /** The same with other headers. */
  with(headers: Readonly<Record<string, string>>): Refusal {
    const { status, code, message, type, param } = this;
    return new Refusal({ status, code: code ?? undefined, message, type, param, headers });
  }

  /** The body that says so. */
  get body(): string {
    const { message, type, code, param = null } = this;
    return JSON.stringify({ error: { message, type, param, code } });
  }

  /** The answer that says so. */
  toResponse(headers: Readonly<Record<string, string>> = {}): Response {
    return new Response(this.body, {
      status: this.status,
      headers: { "content-type": "application/json", "x-content-type-options": "nosniff", ...headers, ...this.headers },
    });
  }
}

function typeOf(status: number): string {
  if (status >= 500) return "server_error";
  return status === 429 ? "rate_limit_error" : "invalid_request_error";
}
