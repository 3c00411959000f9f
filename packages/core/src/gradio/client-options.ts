import { makesConnections } from "#platform";
import { readHeaders } from "../headers.ts";
import type { Transport } from "../http/transport.ts";
import {
  aFlag,
  aPauseMs,
  aString,
  aTransport,
  isGroup,
  isPlain,
  mustBe,
  type OptionNames,
  oneOf,
  readable,
  readOption,
  type Rule,
} from "../options.ts";
import type { Timeouts } from "../provider.ts";
import { readOnce } from "../read-once.ts";
import { readTimeouts } from "../timers.ts";
import { readToken } from "./address.ts";
import { readHubUrl } from "./hub.ts";
import type { Credentials } from "./login.ts";

/** How to reach a Space. */
export interface ClientOptions {
  /**
   * A Hugging Face token. It goes to the Space: as `X-HF-Authorization` to `*.hf.space`, as
   * `Authorization` to a host of your own naming; and to the hub, see `hubUrl`. Never across a redirect.
   */
  readonly token?: string | undefined;
  /** For an app with a login of its own: `launch(auth=…)`. */
  readonly auth?: Credentials | undefined;
  /**
   * URL of a proxy (`http`, `https`, `socks5` or `socks5h`), or `false` for none. Of no effect beside `transport`. Where
   * the platform makes the connections (browsers, edge runtimes) one is a `TypeError`.
   *
   * @defaultValue what `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` say
   */
  readonly proxy?: string | false | undefined;
  /** Another way to send requests. The caller closes it. */
  readonly transport?: Transport | undefined;
  /** Sent with every request to the Space, over what the SDK would send. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Limits in ms for calls that set none. */
  readonly timeouts?: Timeouts | undefined;
  /**
   * Ask for a job's messages in the same breath as for the job, not after its answer: one round trip instead of two
   * until the first text. The two requests are pipelined on one connection once the Space has left one open behind an
   * answer, and sent over two before that (a client's first call), and where a proxy cannot do it. Where the Space gets them in
   * the wrong order, as it may over two, or the second is lost or refused as out of turn, it is sent again.
   *
   * A proxy in between that swallows a pipelined request holds each call up until `headersMs` have passed. Where the
   * platform makes the connections (browsers, edge runtimes) it is a `TypeError`.
   *
   * @defaultValue false
   */
  readonly earlyStream?: boolean | undefined;
  /**
   * How long a Space of Hugging Face that sleeps, starts or is built is waited for, in ms, and told of by `log` messages; a provider
   * waits no longer than its `firstOutputMs`. 0 does not wait. One that was paused, failed, is private or is not there ends the call at once.
   *
   * @defaultValue 120_000
   */
  readonly wakeMs?: number | undefined;
  /**
   * The hub that says in which stage a Space is, which is asked when the Space does not answer. The token goes there, too, so it is an
   * https URL, or an http one of this machine.
   *
   * @defaultValue https://huggingface.co for Spaces there, none for others
   */
  readonly hubUrl?: string | URL | undefined;
}

/** What a definition of a Space adds to them. */
export interface DefinedOptions extends ClientOptions {
  readonly apiPrefix?: string | undefined;
  readonly urls?: "public" | "any" | undefined;
}

/** The same, once they were read. */
export interface ReadOptions extends DefinedOptions {
  readonly hubUrl: URL | undefined;
}

/**
 * A copy of options, each of them read once. Throws a `TypeError` for what is no object of options, and for an option that is none
 * of those or cannot be read.
 */
export function readNames<Options extends object>(
  owner: string,
  options: Options,
  names: OptionNames<Options>,
): Options {
  if (!isGroup(options)) throw mustBe("options", "an object", options);
  const hasAny = (): boolean => Object.keys(names).some((name) => name in options);
  // Of a `Map` nothing would be read, and nobody told.
  if (!isPlain(options) && !readable("options", hasAny))
    throw mustBe("options", "an object of options (a plain one, no Map)", options);
  return readOnce(owner, options, names);
}

/** The name of each option. */
export const CLIENT_OPTIONS: OptionNames<ClientOptions> = {
  token: true,
  auth: true,
  proxy: true,
  transport: true,
  headers: true,
  timeouts: true,
  earlyStream: true,
  wakeMs: true,
  hubUrl: true,
};

/**
 * Reads the options of a client, once: what their owner changes later changes nothing.
 *
 * An empty token is none, and so is a login without name and password, as environment variables without a value
 * give them. Throws a `TypeError` that names the option and what it must be. Which names there are is for its caller to check.
 */
export function readClientOptions(options: DefinedOptions): ReadOptions {
  const { token, auth, proxy, transport, headers, timeouts, earlyStream, apiPrefix, urls } = options;
  const { wakeMs, hubUrl } = options;
  return {
    token: readToken(token),
    auth: readCredentials(auth),
    proxy,
    transport: readOption("transport", transport, aTransport),
    headers: readHeaders("headers", headers),
    timeouts: readTimeouts(timeouts),
    earlyStream: readOption("earlyStream", earlyStream, makesConnections ? aFlag : noConnections),
    wakeMs: readOption("wakeMs", wakeMs, aPauseMs),
    hubUrl: readHubUrl(hubUrl),
    apiPrefix: readOption("apiPrefix", apiPrefix, aString),
    urls: readOption("urls", urls, aReach),
  };
}

const noConnections: Rule = (value) =>
  value === false ? undefined : "left out on this platform, whose `fetch` makes the connections";

const aReach = oneOf("public", "any");

/** Whatever was given may be a secret in the wrong place, so no message shows it. */
function readCredentials(auth: Credentials | undefined): Credentials | undefined {
  if (auth === undefined) return undefined;
  if (!isGroup(auth)) throw new TypeError("`auth` must be an object with `username` and `password`.");
  const { username, password } = readable("auth", () => {
    const given = auth as { readonly username: unknown; readonly password: unknown };
    return { username: given.username, password: given.password };
  });
  if (isUnset(username) && isUnset(password) && Object.keys(auth).every((name) => CREDENTIALS.has(name)))
    return undefined;
  if (typeof username !== "string" || username === "" || typeof password !== "string" || password === "")
    throw new TypeError("`auth` must have a `username` and a `password`, both strings that are not empty.");
  return { username, password };
}

const CREDENTIALS: ReadonlySet<string> = new Set(["username", "password"]);

function isUnset(value: unknown): boolean {
  return value === undefined || value === "";
}
