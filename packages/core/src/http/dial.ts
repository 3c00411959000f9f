import type { Socket } from "node:net";
import { QwenError } from "../errors.ts";
import type { Proxy } from "./proxy.ts";
import { isPublicAddress } from "./public-address.ts";
import type { TransportRequest } from "./transport.ts";

/** Where a connection leads. */
export interface DialTarget {
  /** A name or an address without brackets. */
  readonly hostname: string;
  readonly port: number;
  /** Only public addresses are connected to, each checked once it is known. */
  readonly publicOnly?: boolean | undefined;
  /** Told each time the system is about to be asked for a connection. */
  readonly onTry?: (() => void) | undefined;
}

/** Where a new connection leads, of a request that is the first to go over it. */
export function dialTarget(
  { url, publicOnly }: Pick<TransportRequest, "url" | "publicOnly">,
  proxy: Proxy | undefined,
): DialTarget {
  if (proxy !== undefined) return proxy;
  const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
  return { hostname: url.hostname.replace(/^\[|\]$/g, ""), port, publicOnly };
}

type DialListener = (error: Error | null, socket?: Socket) => void;

/** How long an address is tried alone before the next one is tried beside it, in ms (RFC 8305, section 5). */
const NEXT_ADDRESS_MS = 250;

/** Those of undici's own connections. */
const SOCKET_OPTIONS = { highWaterMark: 64 * 1024, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 };

/**
 * A TCP connection in the making. It has no limit of its own: whoever wants it cancels it.
 *
 * Of a host with several addresses each next one is tried beside those before it, and the first that stands is taken.
 * Node itself gives an address up after 250 ms, which is too soon for a slow handshake.
 */
export class Dial {
  readonly #target: DialTarget;
  readonly #tries = new Set<Socket>();
  readonly #failures: Error[] = [];
  #addresses: string[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #listener: DialListener | undefined;
  #socket: Socket | undefined;
  #over = false;
  #taken = false;

  constructor(target: DialTarget) {
    this.#target = target;
    const { hostname } = target;
    // Not imported: for who never sends a request, the modules of Node would be half the cost of this package.
    if (process.getBuiltinModule("node:net").isIP(hostname) !== 0) {
      // Written out: whoever wants public ones only has seen that by now (`follow`).
      this.#addresses = [hostname];
      this.#tryNext();
      return;
    }
    process.getBuiltinModule("node:dns").lookup(hostname, { all: true }, (error, found) => {
      if (this.#over) return;
      if (error !== null) this.#failures.push(error);
      else this.#addresses = this.#allowed(alternating(found));
      this.#tryNext();
    });
  }

  /** Takes it, where it leads there, may still come to stand, and nobody took it before. */
  take({ hostname, port, publicOnly }: DialTarget): boolean {
    const mine = this.#target;
    if (this.#taken || (this.#over && this.#socket?.destroyed !== false)) return false;
    return (this.#taken = mine.hostname === hostname && mine.port === port && mine.publicOnly === publicOnly);
  }

  /** Gives it up, if nobody took it. */
  drop(): void {
    if (!this.#taken) this.cancel();
  }

  /** Tells how it ends, never in the same turn; to be called once. Nothing is told after `cancel`. */
  whenDone(listener: DialListener): void {
    this.#listener = listener;
    if (this.#over) queueMicrotask(() => this.#tell());
  }

  /** Gives it up, also after it is done. */
  cancel(): void {
    this.#listener = undefined;
    this.#finish();
    this.#socket?.destroy();
  }

  #allowed(addresses: string[]): string[] {
    const { hostname, publicOnly } = this.#target;
    if (publicOnly !== true) return addresses;
    const allowed = addresses.filter(isPublicAddress);
    if (allowed.length === 0)
      this.#failures.push(new QwenError("connection", `The name ${hostname} leads to no public address.`));
    return allowed;
  }

  readonly #tryNext = (): void => {
    clearTimeout(this.#timer);
    const address = this.#addresses.shift();
    if (address === undefined) {
      if (this.#tries.size === 0) this.#finish();
      return;
    }
    this.#target.onTry?.();
    const socket = process
      .getBuiltinModule("node:net")
      .connect({ host: address, port: this.#target.port, ...SOCKET_OPTIONS });
    this.#tries.add(socket);
    const onError = (error: Error): void => {
      if (!this.#tries.delete(socket)) return;
      this.#failures.push(error);
      this.#tryNext();
    };
    socket
      .once("connect", () => {
        // A connection lives longer than its making.
        socket.off("error", onError).on("error", ignore);
        this.#tries.delete(socket);
        this.#socket = socket;
        this.#finish();
      })
      .on("error", onError);
    if (this.#addresses.length > 0) this.#timer = setTimeout(this.#tryNext, NEXT_ADDRESS_MS);
  };

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    for (const socket of this.#tries) socket.destroy();
    this.#tries.clear();
    this.#tell();
  }

  #tell(): void {
    const listener = this.#listener;
    this.#listener = undefined;
    if (this.#socket !== undefined) listener?.(null, this.#socket);
    else listener?.(failureOf(this.#failures));
  }
}

/** In the order of the system, but the families by turns: where one of them leads nowhere, all of it does. */
function alternating(found: readonly { readonly address: string; readonly family: number }[]): string[] {
  const first = found.filter(({ family }) => family === found[0]?.family);
  const second = found.filter(({ family }) => family !== found[0]?.family);
  const addresses: string[] = [];
  for (let index = 0; index < Math.max(first.length, second.length); index += 1) {
    for (const one of [first[index], second[index]]) if (one !== undefined) addresses.push(one.address);
  }
  return addresses;
}

function failureOf(failures: readonly Error[]): Error {
  const [only] = failures;
  if (only !== undefined && failures.length === 1) return only;
  return new AggregateError(failures, failures.map(({ message }) => message).join("; ") || "The host has no address");
}

function ignore(): void {}
