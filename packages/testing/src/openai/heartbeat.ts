import type { ServerResponse } from "node:http";

import { repeat } from "../server/clock.ts";

/** Says the same again and again, until the client leaves. */
export function beat(response: ServerResponse, everyMs: number, text: string): void {
  const timer = repeat(everyMs, () => response.write(text));
  response.on("close", () => clearInterval(timer));
}
