import { keepsHeader } from "#platform";
import { shortened } from "./nearest.ts";
import { entriesOf, isGroup, isPlain } from "./options.ts";

// What says how the connection is used is the transport's to say.
const TRANSPORTS_OWN: ReadonlySet<string> = new Set([
  "accept-encoding",
  "connection",
  "content-length",
  "expect",
  "keep-alive",
  "transfer-encoding",
  "upgrade",
]);

/**
 * Reads headers, once. A value that is `undefined` is not set.
 *
 * Throws a `TypeError` for what no request can carry; values are not shown, they may be secrets. `group` names them.
 */
export function readHeaders(
  group: string,
  headers: Readonly<Record<string, string | undefined>> | undefined,
): Readonly<Record<string, string>> | undefined {
  if (headers === undefined) return undefined;
  // Not shown: it may be a secret in the wrong place.
  if (!isGroup(headers)) throw new TypeError(`\`${group}\` must be an object of header names and values.`);
  if (!isPlain(headers))
    throw new TypeError(`\`${group}\` must be a plain object: \`Object.fromEntries(headers)\` makes one.`);
  const read: (readonly [string, string])[] = [];
  for (const [name, value] of entriesOf<unknown>(group, headers)) {
    if (value === undefined) continue;
    const header = `\`${group}[${JSON.stringify(shortened(name))}]\``;
    if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name)) throw new TypeError(`${header} is no name that a header can have.`);
    if (TRANSPORTS_OWN.has(name.toLowerCase())) throw new TypeError(`${header} is set by the transport. Leave it out.`);
    if (keepsHeader(name)) throw new TypeError(`${header} is the browser's own, which nobody else sets. Leave it out.`);
    if (typeof value !== "string" || !/^[\t\u0020-\u007e\u0080-\u00ff]*$/.test(value))
      throw new TypeError(`${header} must be a string of characters that a header can carry, on one line.`);
    read.push([name, value]);
  }
  return Object.fromEntries(read);
}
