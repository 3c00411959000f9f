import { readHeaders } from "../headers.ts";
import {
  anAbortSignal,
  aPauseMs,
  aString,
  aWholeNumber,
  isGroup,
  isPlain,
  mustBe,
  type OptionNames,
  readable,
  readOption,
  readOptions,
  type Rules,
} from "../options.ts";
import type { Timeouts } from "../provider.ts";
import { readOnce } from "../read-once.ts";
import { snapshotOf } from "../snapshot.ts";
import { readTimeouts } from "../timers.ts";
import type { UploadOptions } from "./upload.ts";

/** How to run one call. */
export interface SubmitOptions {
  readonly signal?: AbortSignal | undefined;
  /**
   * Here progress and logs count as output, and `firstOutputMs` is 300,000 by default: an endpoint may be a plain function
   * that says nothing until it is done. Where `/config` was read and says that it is one, `answerMs` holds instead.
   */
  readonly timeouts?: Timeouts | undefined;
  /** Leave a queue whose estimated wait, or the wait itself, is longer than this, in ms, with `queue_full`. */
  readonly maxQueueMs?: number | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/**
 * What an endpoint is given: a list in the order of its parameters, or an object of them by name. One that is left out, or
 * `undefined`, has its default.
 */
export type EndpointInputs = readonly unknown[] | Readonly<Record<string, unknown>>;

/** A call of an endpoint, as it stood when it was made. */
export interface Submission {
  readonly endpoint: string | number;
  readonly inputs: EndpointInputs;
  readonly options: SubmitOptions;
}

/**
 * Reads a call now: what its caller changes later changes nothing.
 *
 * Throws a `TypeError` for what is no endpoint, no inputs or no option, naming it and what it must be.
 */
export function readSubmission({ endpoint, inputs, options }: Submission): Submission {
  if (!(typeof endpoint === "string" && endpoint !== "") && !(Number.isInteger(endpoint) && Number(endpoint) >= 0))
    throw mustBe("endpoint", "the name of an endpoint or its number", endpoint);
  if (!readable("inputs", () => Array.isArray(inputs)) && !(isGroup(inputs) && isPlain(inputs)))
    throw mustBe("inputs", "an array, with one value for each input, or an object of them by name", inputs);
  if (!isGroup(options)) throw mustBe("options", "an object", options);
  const { signal, timeouts, maxQueueMs, headers } = readOnce("A call", options, NAMES);
  return {
    // A half of a character is in no address.
    endpoint: snapshotOf(endpoint),
    inputs: readable("inputs", () => snapshotOf(inputs)),
    options: {
      signal: readOption("signal", signal, anAbortSignal),
      timeouts: readTimeouts(timeouts),
      maxQueueMs: readOption("maxQueueMs", maxQueueMs, aPauseMs),
      headers: readHeaders("headers", headers),
    },
  };
}

const NAMES: OptionNames<SubmitOptions> = { signal: true, timeouts: true, maxQueueMs: true, headers: true };

/** Reads the options of an upload, once. Throws a `TypeError` for one that is none. */
export function readUpload(options: UploadOptions | undefined): UploadOptions | undefined {
  const read = readOptions<UploadOptions>("options", options, UPLOAD_RULES);
  return read === undefined ? read : { ...read, ...(read.timeouts && { timeouts: readTimeouts(read.timeouts) }) };
}

const UPLOAD_RULES: Rules<UploadOptions> = {
  filename: aString,
  signal: anAbortSignal,
  timeouts: (value) => (isGroup(value) ? undefined : "an object of limits in ms"),
};

/** Reads the options of a download, once. Throws a `TypeError` for what is none: without a limit there is no download. */
export function readDownload(options: { readonly maxBytes: number }): { readonly maxBytes: number } {
  const { maxBytes } = options ?? {};
  const expected = aWholeNumber(maxBytes);
  if (expected !== undefined) throw mustBe("maxBytes", expected, maxBytes);
  return { maxBytes };
}
