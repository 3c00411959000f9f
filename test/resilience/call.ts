import { QwenError, type Attempt, type Provider, type Router, type RouterRequest } from "@qwen/core";

import type { Column, Ending, Expectation } from "./expectation.ts";

/** What became of a call. */
export interface Observation {
  readonly text: string | undefined;
  /** Id of the provider that answered. */
  readonly provider: string | undefined;
  readonly error: unknown;
  readonly attempts: readonly Attempt[];
  /** The text that a consumer of the stream has seen. */
  readonly shown: string;
  /** Whatever broke the rules of a stream. */
  readonly violations: readonly string[];
  readonly elapsedMs: number;
}

/** Makes a call as a column says, and watches it. */
export async function observe(
  router: Router,
  request: RouterRequest,
  { call, commit }: Pick<Column, "call" | "commit">,
): Promise<Observation> {
  const startedAt = performance.now();
  const violations: string[] = [];
  let shown = "";
  try {
    if (call === "complete") {
      const { text, provider, attempts } = await router.complete({ ...request, commit });
      return { text, provider, error: undefined, attempts, shown: text, violations, elapsedMs: since(startedAt) };
    }
    let finish: { readonly provider: string; readonly attempts: readonly Attempt[] } | undefined;
    let announced = 0;
    for await (const part of router.stream({ ...request, commit })) {
      if (finish !== undefined) violations.push(`${part.type} after the finish`);
      if (part.type === "text-delta") {
        if (part.text === "") violations.push("an empty delta");
        shown += part.text;
      } else if (part.type === "text-replace") shown = part.text;
      else if (part.type === "finish") finish = part;
      else if (part.type === "attempt" && part.number !== ++announced)
        violations.push(`attempt ${part.number} announced as number ${announced}`);
    }
    if (finish === undefined) violations.push("it ended without a finish");
    const { provider, attempts = [] } = finish ?? {};
    return { text: shown, provider, error: undefined, attempts, shown, violations, elapsedMs: since(startedAt) };
  } catch (error) {
    const attempts = QwenError.isInstance(error) ? (error.attempts ?? []) : [];
    const elapsedMs = since(startedAt);
    return { text: undefined, provider: undefined, error, attempts, shown, violations, elapsedMs };
  }
}

/** What is wrong with a call, by what it had to come to. */
export function problemsOf(
  observed: Observation,
  expected: Expectation,
  { call, first, second, partial }: Pick<Column, "call"> & Candidates & { readonly partial: string | undefined },
): readonly string[] {
  const problems = [...observed.violations];
  const check = (what: string, actual: unknown, wanted: unknown): void => {
    if (actual !== wanted) problems.push(`${what}: ${JSON.stringify(actual)}, not ${JSON.stringify(wanted)}`);
  };
  const idOf = (by: "first" | "second"): string | undefined => (by === "first" ? first : second)?.id;

  const { result } = expected;
  if ("text" in result) {
    check("error", observed.error === undefined ? undefined : describe(observed.error), undefined);
    check("text", observed.text, result.text);
    check("provider", observed.provider, idOf(result.by));
  } else check("code", codeOf(observed.error), result.code);
  if (call === "stream") {
    if (expected.shown === undefined) check("shown", observed.shown !== "", true);
    else check("shown", observed.shown, expected.shown);
  }

  const told = observed.attempts.map(({ provider, error }) => `${provider} ${endingOf(error)}`).join(", ");
  check("attempts", told, expected.attempts.map(({ by, ends }) => `${idOf(by)} ${ends}`).join(", "));
  for (const [at, { error }] of observed.attempts.filter((one) => codeOf(one.error) !== undefined).entries()) {
    if (!QwenError.isInstance(error) || error.code !== "stream_interrupted") continue;
    check("partial text", error.text, expected.partials === undefined ? partial : expected.partials[at]);
  }

  if (observed.elapsedMs > expected.atMostMs) check("ms at most", Math.round(observed.elapsedMs), expected.atMostMs);
  // Clocks of timers and of measurements may differ by a millisecond or two.
  if (observed.elapsedMs < expected.atLeastMs - 5) check("ms at least", observed.elapsedMs, expected.atLeastMs);
  return problems;
}

/** Who is asked. */
export interface Candidates {
  readonly first: Provider;
  readonly second: Provider | undefined;
}

function endingOf(error: unknown): Ending {
  if (error === undefined) return "answered";
  return codeOf(error) ?? "cancelled";
}

function codeOf(error: unknown) {
  return QwenError.isInstance(error) ? error.code : undefined;
}

function describe(error: unknown): string {
  return `${codeOf(error) ?? ""} ${error instanceof Error ? error.message : String(error)}`;
}

function since(startedAt: number): number {
  return performance.now() - startedAt;
}
