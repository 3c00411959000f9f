import type { TransportRequest } from "./transport.ts";

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
