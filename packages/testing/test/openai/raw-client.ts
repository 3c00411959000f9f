import { request } from "node:http";

/** What a client heard, byte by byte. */
export interface Heard {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  readonly bytes: Buffer;
  /** The parts in which the body came. */
  readonly chunks: readonly string[];
  /** "eof": properly; "broken": not; "left": by the client. */
  readonly end: "eof" | "broken" | "left";
}

/** Options of {@link ask}. */
export interface AskOptions {
  readonly path?: string | undefined;
  readonly method?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Leaves after so long. @defaultValue 5000 */
  readonly leaveAfterMs?: number | undefined;
  /** Leaves at once when it has heard this. */
  readonly leaveAt?: string | undefined;
}

/** Asks with a body as it is, and listens until the end. Nothing where no headers came. */
export function ask(url: string, body: unknown, options: AskOptions = {}): Promise<Heard | undefined> {
  const { path = "/chat/completions", method = "POST", headers = {}, leaveAfterMs = 5000, leaveAt } = options;
  return new Promise((resolve) => {
    const sent = request(`${url}${path}`, {
      method,
      agent: false,
      headers: { "content-type": "application/json", ...headers },
    });
    const parts: Buffer[] = [];
    let left = false;
    const leave = (): void => {
      left = true;
      sent.destroy();
    };
    const timer = setTimeout(leave, leaveAfterMs);
    let answered = false;
    sent.on("error", () => {
      if (answered) return;
      clearTimeout(timer);
      resolve(undefined);
    });
    sent.on("response", (response) => {
      answered = true;
      response.on("data", (part: Buffer) => {
        parts.push(part);
        if (leaveAt !== undefined && Buffer.concat(parts).toString().includes(leaveAt)) leave();
      });
      response.on("error", () => {});
      response.on("close", () => {
        clearTimeout(timer);
        const bytes = Buffer.concat(parts);
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: bytes.toString(),
          bytes,
          chunks: parts.map(String),
          end: left ? "left" : response.complete ? "eof" : "broken",
        });
      });
    });
    sent.end(method === "GET" ? undefined : typeof body === "string" ? body : JSON.stringify(body));
  });
}

/** A chunk of a stream, as far as tests look. */
export interface Chunk {
  readonly model?: string;
  readonly choices?: readonly {
    readonly delta: { readonly content?: string | null; readonly [field: string]: unknown };
    readonly finish_reason: string | null;
  }[];
  readonly usage?: unknown;
  readonly error?: unknown;
}

/** The events of a stream, each as its lines. */
export function eventsIn({ body }: Heard): string[] {
  return body.split("\n\n").filter((event) => event !== "");
}

/** The chunks of a stream that are JSON. */
export function chunksIn(heard: Heard): Chunk[] {
  return eventsIn(heard).flatMap((event) => {
    try {
      return [JSON.parse(/^data: (.*)$/mu.exec(event)?.[1] ?? "") as Chunk];
    } catch {
      return [];
    }
  });
}

/** The text that a stream said. */
export function textIn(heard: Heard): string {
  return chunksIn(heard)
    .map(({ choices }) => choices?.[0]?.delta.content ?? "")
    .join("");
}

/** Why a stream ended, as its chunks say it. */
export function finishIn(heard: Heard): string | undefined {
  const reasons = chunksIn(heard).map(({ choices }) => choices?.[0]?.finish_reason);
  return reasons.findLast((reason) => typeof reason === "string") ?? undefined;
}
