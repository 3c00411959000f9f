import { htmlReply, jsonReply, pauseHeaders, redirectReply, type Reply, textReply } from "../server/reply.ts";
import type { Fault } from "./faults.ts";
import type { Flavour } from "./flavour.ts";

/** A 500 for an exception that nobody caught. The servers close the connection after it. */
export function internalErrorReply({ internalError }: Flavour): Reply {
  return { ...textReply(500, internalError), closes: true };
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
      return rateLimited(pauseHeaders.seconds(ms));
    case "rate-limited-date":
      return rateLimited(pauseHeaders.date(ms));
    case "rate-limited-ms":
      return rateLimited(pauseHeaders.ms(ms));
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
    case "redirect":
      return redirectReply({ to, host, path });
    default:
      return undefined;
  }
}
