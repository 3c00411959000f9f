import type { Rule } from "./options.ts";

const SHAPE = /^[!-~]{1,128}$/;

/** What tells one request from another, as it may stand in a log or a header. */
export const aRequestId: Rule = (value) =>
  typeof value === "string" && SHAPE.test(value) ? undefined : "1 to 128 visible ASCII characters without spaces";

// Made with the first id: importing has no side effects.
let prefix: string | undefined;
let made = 0;

/**
 * An id that no other request has, in this process or, as far as chance goes, another. It is no secret: whoever has seen one
 * can tell the next.
 */
export function newRequestId(): string {
  prefix ??= randomLetters() + randomLetters();
  made += 1;
  return `${prefix}-${made.toString(36)}`;
}

function randomLetters(): string {
  return Math.random().toString(36).slice(2, 10).padEnd(8, "0");
}
