/** An answer that is known whole. */
export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>> | undefined;
  readonly body: string;
  /** Closes the connection afterwards, without a word about it. */
  readonly closes?: boolean | undefined;
}

export function jsonReply(status: number, value: unknown, headers: Reply["headers"] = {}): Reply {
  return { status, headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(value) };
}

export function textReply(status: number, body: string): Reply {
  return { status, headers: { "content-type": "text/plain; charset=utf-8" }, body };
}

export function htmlReply(status: number, title: string): Reply {
  const body = `<!DOCTYPE html>\n<html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>\n`;
  return { status, headers: { "content-type": "text/html; charset=utf-8" }, body };
}

/** How long to wait, in each way that servers say it. */
export const pauseHeaders = {
  seconds: (ms: number) => ({ "retry-after": String(Math.ceil(ms / 1000)) }),
  date: (ms: number) => ({ "retry-after": new Date(Date.now() + ms).toUTCString() }),
  ms: (ms: number) => ({ "retry-after-ms": String(ms) }),
} as const;

/** 307 to the same path of another origin. Nothing for whoever followed one to this server's other name. */
export function redirectReply({
  to,
  host,
  path,
}: {
  /** @defaultValue this server as `localhost` */
  readonly to: string | undefined;
  /** Host and port as the client knows them. */
  readonly host: string;
  readonly path: string;
}): Reply | undefined {
  const [hostname, port] = host.split(":");
  if (to === undefined && hostname === "localhost") return undefined;
  return { status: 307, headers: { location: `${to ?? `http://localhost:${port}`}${path}` }, body: "" };
}
