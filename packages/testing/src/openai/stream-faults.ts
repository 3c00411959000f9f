import type { Dialect } from "./dialect.ts";
import type { OpenAIFault, OpenAIFaultName } from "./faults.ts";
import { errorEvent, errorShapes } from "./error-shapes.ts";
import type { AnswerFormat } from "./format.ts";
import type { Outlet } from "./outlet.ts";

/** How a stream goes on where a fault has struck. */
export type Cut = "failed" | "left-hanging" | "beating";

/** The faults that strike in the midst of a stream. */
export class StreamFaults {
  readonly #waiting: Set<OpenAIFault>;
  readonly #outlet: Outlet;
  readonly #format: AnswerFormat;
  readonly #dialect: Dialect;

  constructor(
    faults: readonly OpenAIFault[],
    { outlet, format, dialect }: { readonly outlet: Outlet; readonly format: AnswerFormat; readonly dialect: Dialect },
  ) {
    this.#waiting = new Set(faults.filter(({ name }) => Object.hasOwn(STRIKES, name)));
    this.#outlet = outlet;
    this.#format = format;
    this.#dialect = dialect;
  }

  /** Strikes behind so many pieces, in place of the next event or before it. */
  strike(pieces: number, next: string): Cut | undefined {
    for (const fault of this.#waiting) {
      if (pieces < (fault.after ?? 1)) continue;
      this.#waiting.delete(fault);
      const cut = STRIKES[fault.name]?.({
        fault,
        next,
        outlet: this.#outlet,
        format: this.#format,
        dialect: this.#dialect,
      });
      if (cut !== undefined) return cut;
    }
    return undefined;
  }
}

interface Strike {
  readonly fault: OpenAIFault;
  readonly next: string;
  readonly outlet: Outlet;
  readonly format: AnswerFormat;
  readonly dialect: Dialect;
}

const STRIKES: Readonly<Partial<Record<OpenAIFaultName, (strike: Strike) => Cut | undefined>>> = {
  eof: ({ outlet }) => ended(outlet, ""),
  "eof-done": ({ outlet }) => ended(outlet, "data: [DONE]\n\n"),
  truncated: ({ outlet, next }) => ended(outlet, next.slice(0, Math.ceil(next.length / 2))),
  "cut-body": ({ outlet, next }) => ended(outlet, next.slice(0, Math.ceil(next.length / 2))),
  "short-body"({ outlet }) {
    outlet.end(1000);
    return "failed";
  },
  reset({ outlet }) {
    outlet.reset();
    return "failed";
  },
  stall: () => "left-hanging",
  "heartbeats-only": () => "beating",
  "garbage-chunk"({ outlet }) {
    void outlet.write("data: {this is not JSON\n\n");
    return undefined;
  },
  ...Object.fromEntries(
    errorShapes.map((name) => [
      name,
      ({ fault, outlet, format, dialect }: Strike) => ended(outlet, errorEvent(name, { fault, format, dialect })),
    ]),
  ),
};

function ended(outlet: Outlet, last: string): Cut {
  void outlet.write(last);
  outlet.end();
  return "failed";
}
