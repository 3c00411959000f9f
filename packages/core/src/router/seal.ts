import type { Attempt } from "./attempt.ts";
import type { RaceHost } from "./race-host.ts";
import type { Answered, PartReader } from "./part-reader.ts";

/** The last part of an answer as the caller gets it, and the whole. */
export interface Sealed<Part, Result> {
  readonly sealed: Part;
  readonly result: Result;
}

/** Seals the answer of an attempt, whose last part this is, with who gave it and what was tried. */
export function seal<Part, Result>(
  { candidate, collector, outputAt }: Attempt<Part, Result>,
  last: Part,
  reader: PartReader<Part, Result>,
  { log, startedAt, before }: Pick<RaceHost<Part, Result>, "log" | "startedAt"> & Pick<Answered<Part>, "before">,
): Sealed<Part, Result> {
  const answered = {
    requestId: log.requestId,
    provider: candidate.provider,
    model: candidate.model,
    attempts: [...log.attempts],
    start: collector.start?.(),
    before,
    firstOutputMs: outputAt - startedAt,
    durationMs: performance.now() - startedAt,
  };
  const sealed = reader.sealed(last, answered);
  return { sealed, result: collector.result(sealed, answered) };
}
