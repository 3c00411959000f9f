import type { Flavour, WireMessage } from "./flavour.ts";
import { pythonJson } from "./python.ts";

/** A message as `GET /call/{api}/{event}` tells it; `undefined` for those it leaves out. */
export function callEvent(message: WireMessage, flavour: Flavour): string | undefined {
  const { success, output } = message as { readonly success?: boolean; readonly output?: { readonly data?: unknown } };
  const event = (name: string, data: unknown): string =>
    `event: ${name}\ndata: ${pythonJson(data ?? null, { ascii: true })}\n\n`;
  switch (message.msg) {
    case "process_completed":
      return success === true ? event("complete", output?.data) : event("error", flavour.callError(message));
    case "process_generating":
      return event("generating", output?.data);
    case "heartbeat":
      return event("heartbeat", null);
    case "unexpected_error":
      return event("error", message["message"]);
    default:
      return undefined;
  }
}
