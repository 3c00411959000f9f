import type { ServerResponse } from "node:http";

/** Says the same again and again, until the client leaves. */
export function beat(response: ServerResponse, everyMs: number, text: string): void {
  const timer = setInterval(() => response.write(text), everyMs);
  response.on("close", () => clearInterval(timer));
}
