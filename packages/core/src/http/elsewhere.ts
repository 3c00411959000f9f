import { QwenError } from "../errors.ts";
import {
  aCountFrom,
  aFunction,
  aLimitMs,
  anAbortSignal,
  anObject,
  aTransport,
  aUrl,
  oneOf,
  refuseUnknown,
  requireNow,
  requireOption,
  type Rules,
} from "../options.ts";
import { startTimer } from "../timers.ts";
import { follow } from "./follow.ts";
import type { Reach } from "./reach.ts";
import { headerOf, readBytes, type Transport } from "./transport.ts";

/** Characters of an address that a message shows. */
const LONGEST_SHOWN = 200;

/** How to fetch what is at an address that somebody else chose. */
export interface ElsewhereOptions {
  readonly transport: Transport;
  /** Asked for the URL, and for each one it redirects to. */
  reach(url: URL): Reach;
  readonly maxBytes: number;
  /** For all of it: names, connections, redirects and the body, in ms. */
  readonly limitMs: number;
  readonly connectMs: number;
  readonly headersMs: number;
  readonly signal: AbortSignal;
}

/**
 * Fetches what is behind a URL out of a message: the one door through which its content makes us send a request.
 *
 * Nothing of the caller's goes along: no header, token or cookie. Whatever goes wrong is `invalid_request`, since it
 * says nothing of a provider: no http(s) URL, an address out of reach, a host that is down, slow or redirects in a
 * circle, a status other than 200, more than `maxBytes`. An abort rejects with the reason of `signal`; an option that is none,
 * and a `reach` that answers with no {@link Reach} at once, with a `TypeError`.
 *
 * Of a name that this process resolves, each address is checked, and the connection goes to one that was. Where a
 * proxy, a browser or a transport of the user's own resolves it, an address is checked only if it is written out.
 */
export async function fetchElsewhere(url: URL, options: ElsewhereOptions): Promise<Uint8Array> {
  const { transport, reach, maxBytes, limitMs, connectMs, headersMs, signal } = readElsewhere(url, options);
  signal.throwIfAborted();
  let misled: { readonly error: unknown } | undefined;
  const reachOf = (hop: URL): Reach => {
    try {
      return requireNow("reach()", reach.call(options, hop), aReach);
    } catch (error) {
      misled = { error };
      throw error;
    }
  };
  const limit = new AbortController();
  const timer = startTimer(limitMs, () => limit.abort(new Error(`it took longer than ${limitMs} ms`)));
  const ended = AbortSignal.any([signal, limit.signal]);

  async function fetchFile(): Promise<Uint8Array> {
    const response = await follow(transport, {
      method: "GET",
      url,
      signal: ended,
      connectMs,
      headersMs,
      headersFor: () => ({ accept: "*/*", "accept-encoding": "identity", "user-agent": "qwen-sdk" }),
      publicOnly: (hop) => checked(hop, reachOf(hop)) === "public",
    });
    const announced = Number(headerOf(response, "content-length"));
    if (response.status !== 200 || announced > maxBytes) {
      response.body.cancel();
      throw new Error(response.status === 200 ? tooLarge(maxBytes) : `its host answers with status ${response.status}`);
    }
    const bytes = await readBytes(response.body, { maxBytes, limitMs, signal: ended });
    if (bytes.byteLength > maxBytes) throw new Error(tooLarge(maxBytes));
    return bytes;
  }

  try {
    return await fetchFile();
  } catch (error) {
    signal.throwIfAborted();
    // What its caller decides is no property of the file.
    if (misled !== undefined) throw misled.error;
    const why = error instanceof Error ? error.message.replace(/\.$/, "") : "no reason given";
    // Without its query, which may hold a key, and without a cause: nobody has to look further than its host.
    const where = `${url.protocol}//${url.host}${url.pathname}`.slice(0, LONGEST_SHOWN);
    throw new QwenError("invalid_request", `The file at ${where} cannot be fetched: ${why}.`);
  } finally {
    timer.stop();
  }
}

function readElsewhere(url: URL, options: ElsewhereOptions): ElsewhereOptions {
  requireOption("url", url, aUrl);
  requireOption("options", options, anObject);
  refuseUnknown("A fetch from elsewhere", options, RULES);
  for (const name of Object.keys(RULES) as (keyof ElsewhereOptions)[]) requireOption(name, options[name], RULES[name]);
  return options;
}

const RULES: Rules<ElsewhereOptions> = {
  transport: aTransport,
  reach: aFunction,
  maxBytes: aCountFrom(0),
  limitMs: aLimitMs,
  connectMs: aLimitMs,
  headersMs: aLimitMs,
  signal: anAbortSignal,
};

const aReach = oneOf("any", "public", "none");

function checked(url: URL, reach: Reach): Reach {
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw new Error(`a file is fetched by http: and https:, not ${url.protocol}`);
  if (url.username !== "" || url.password !== "") throw new Error("its URL holds a user name or password");
  if (reach === "none")
    throw new Error(
      `${url.host} is no public address, and a message may lead to no other. A provider made with \`urls: "any"\` fetches from any`,
    );
  return reach;
}

function tooLarge(maxBytes: number): string {
  return `it is larger than ${maxBytes} bytes`;
}
