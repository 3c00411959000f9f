import { debug } from "../debug.ts";
import { disregard } from "../disregard.ts";
import { wordsOf } from "../printable.ts";
import type { TransportRequest } from "./transport.ts";

/** Calls a function of somebody else's that is told something: what it throws, or a promise that rejects, disturbs nothing. */
export function callBack(name: string, look: () => unknown): void {
  try {
    void disregard(look());
  } catch (error) {
    debug(() => `\`${name}\` threw ${wordsOf(error)}`);
  }
}

/** Who is asked whether a request may go out once more has as long at least, in ms. */
export const LEAST_ASKED_MS = 10_000;

/** Whether a request may go out once more. What throws, and whatever it says but true, is no. */
export async function agrees(sendAgain: TransportRequest["sendAgain"]): Promise<boolean> {
  try {
    return (await sendAgain?.()) === true;
  } catch {
    return false;
  }
}
