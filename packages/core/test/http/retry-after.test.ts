import { expect, it } from "vitest";
import { retryAfterMs } from "../../src/http/retry-after.ts";

const NOW = Date.parse("2026-11-21T12:00:00Z");
const DAY = 86_400_000;

const TABLE: readonly (readonly [headers: Readonly<Record<string, string>>, expected: number | undefined])[] = [
  [{}, undefined],
  [{ "retry-after": "3" }, 3000],
  [{ "retry-after": "0" }, 0],
  [{ "retry-after": " 7 " }, 7000],
  [{ "retry-after": "1.5" }, 1500],
  [{ "retry-after": "99999999999" }, DAY],
  [{ "retry-after": "Sat, 21 Nov 2026 12:00:30 GMT" }, 30_000],
  [{ "retry-after": "Saturday, 21-Nov-26 12:00:30 GMT" }, 30_000],
  [{ "retry-after": "Sat Nov 21 12:00:30 2026" }, 30_000],
  [{ "retry-after": "Sat, 21 Nov 2026 11:00:00 GMT" }, 0],
  [{ "retry-after": "Fri, 21 Nov 2036 12:00:00 GMT" }, DAY],
  [{ "retry-after-ms": "250" }, 250],
  [{ "retry-after-ms": "250", "retry-after": "9" }, 250],
  [{ "retry-after-ms": "soon", "retry-after": "9" }, 9000],
  [{ "retry-after": "soon" }, undefined],
  [{ "retry-after": "" }, undefined],
  [{ "retry-after": "-5" }, undefined],
  [{ "retry-after": "in 5 minutes" }, undefined],
  [{ "retry-after": "5s" }, undefined],
];

it.each(TABLE)("reads %j as %s ms", (headers, expected) => {
  expect(retryAfterMs((name) => headers[name], NOW)).toBe(expected);
});
