import { retryAfterMs } from "./retry-after.ts";

type HeaderOf = (name: string) => string | undefined;

/** The kinds of limits that vendors tell apart, by the ends of their headers' names. */
const KINDS = [
  "",
  "-requests",
  "-tokens",
  "-requests-minute",
  "-tokens-minute",
  "-requests-day",
  "-input-tokens",
  "-output-tokens",
];

/**
 * How long a response asks to wait, in ms: `retry-after-ms`, `Retry-After` in seconds or as a date, and of one that is asked too often
 * (`isLimited`) what a vendor says of when its limits begin anew: a duration (`1m30s`), seconds, a time in seconds or ms, a date.
 *
 * Of several limits those count of which nothing remains; where it is not told which, the one that begins anew first.
 */
export function waitMs(
  header: HeaderOf,
  { isLimited, now = Date.now() }: { readonly isLimited: boolean; readonly now?: number },
): number | undefined {
  const asked = retryAfterMs(header, now);
  if (asked !== undefined || !isLimited) return asked;
  const resets = ["x-ratelimit", "ratelimit"].flatMap((prefix) =>
    KINDS.flatMap((kind) => resetOf(header, { prefix, kind, now })),
  );
  const used = resets.filter(({ isUsed }) => isUsed).map(({ ms }) => ms);
  if (used.length > 0) return Math.max(...used);
  return resets.length > 0 ? Math.min(...resets.map(({ ms }) => ms)) : undefined;
}

function resetOf(
  header: HeaderOf,
  { prefix, kind, now }: { readonly prefix: string; readonly kind: string; readonly now: number },
): readonly { readonly ms: number; readonly isUsed: boolean }[] {
  const ms = untilMs(header(`${prefix}-reset${kind}`)?.trim(), now);
  if (ms === undefined) return [];
  return [{ ms, isUsed: header(`${prefix}-remaining${kind}`)?.trim() === "0" }];
}

function untilMs(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,16}(?:\.\d{1,9})?$/.test(value)) {
    const number = Number(value);
    if (number >= 1e12) return Math.max(0, number - now);
    return number >= 1e9 ? Math.max(0, number * 1000 - now) : number * 1000;
  }
  if (/^\d{4}-\d\d-\d\dT/.test(value)) {
    const date = Date.parse(value);
    return Number.isNaN(date) ? undefined : Math.max(0, date - now);
  }
  return durationMs(value);
}

/** A duration such as `1m30.5s`, `20ms` or `2h`, in ms; `undefined` for what is none. */
export function durationMs(text: string): number | undefined {
  const match =
    /^(?:(\d{1,9}(?:\.\d{1,9})?)h)?(?:(\d{1,9}(?:\.\d{1,9})?)m(?!s))?(?:(\d{1,9}(?:\.\d{1,9})?)s)?(?:(\d{1,9}(?:\.\d{1,9})?)ms)?/.exec(
      text,
    );
  if (match === null || match[0] === "") return undefined;
  const [hours, minutes, seconds, ms] = match.slice(1).map((digits) => Number(digits ?? 0)) as [
    number,
    number,
    number,
    number,
  ];
  return ((hours * 60 + minutes) * 60 + seconds) * 1000 + ms;
}
