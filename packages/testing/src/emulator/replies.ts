import type { Fault } from "./faults.ts";
import type { Flavour } from "./flavour.ts";

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

/** A 500 for an exception that nobody caught. The servers close the connection after it. */
export function internalErrorReply({ internalError }: Flavour): Reply {
  return { ...textReply(500, internalError), closes: true };
}

export function htmlReply(status: number, title: string): Reply {
  const body = `<!DOCTYPE html>\n<html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>\n`;
  return { status, headers: { "content-type": "text/html; charset=utf-8" }, body };
}

/** FastAPI's answer to a body that its model does not fit. */
export function invalidBody(
  errors: readonly {
    readonly type: string;
    readonly loc: readonly (string | number)[];
    readonly msg: string;
    readonly input: unknown;
  }[],
): Reply {
  return jsonReply(422, { detail: errors });
}

/** What a fault answers in place of the app, where it does. */
export function replyOfFault(
  { name, ms = 1000, to }: Fault,
  { flavour, host, path }: { readonly flavour: Flavour; readonly host: string; readonly path: string },
): Reply | undefined {
  const rateLimited = (headers: Record<string, string>): Reply => ({ ...textReply(429, "Too Many Requests"), headers });

  switch (name) {
    case "rate-limited":
      return rateLimited({});
    case "rate-limited-seconds":
      return rateLimited({ "retry-after": String(Math.ceil(ms / 1000)) });
    case "rate-limited-date":
      return rateLimited({ "retry-after": new Date(Date.now() + ms).toUTCString() });
    case "rate-limited-ms":
      return rateLimited({ "retry-after-ms": String(ms) });
    case "queue-full":
      return jsonReply(503, { detail: "Queue is full. Max size is 2 and size is 2." });
    case "queue-stopped":
      return jsonReply(503, { detail: "Queue is stopped." });
    case "proxy-error":
      return htmlReply(503, "503 Service Temporarily Unavailable");
    case "sleeping":
      return htmlReply(503, "This Space is sleeping. It is being woken up.");
    case "server-error":
      return internalErrorReply(flavour);
    case "html":
      return htmlReply(200, "Welcome");
    case "unauthorized":
      return jsonReply(401, { detail: flavour.notAuthenticated });
    case "redirect": {
      const [hostname, port] = host.split(":");
      // Whoever followed the redirect stands at its end.
      if (to === undefined && hostname === "localhost") return undefined;
      return { status: 307, headers: { location: `${to ?? `http://localhost:${port}`}${path}` }, body: "" };
    }
    default:
      return undefined;
  }
}
