import type { Socket } from "node:net";
import type { Connect, ConnectTarget } from "undici/lib/core/connect.js";
import { startTimer } from "../timers.ts";

/** A connection that is made while undici is being loaded, for the first request to take. */
export interface FirstConnection {
  /** Resolves once the system makes the connection: from then on nothing is lost by blocking the event loop. */
  readonly underWay: Promise<void>;
  /** Connects as undici wants it, the first time to its host by this connection, else by `connect`. */
  through(connect: Connect): Connect;
  /** Closes it, if nobody took it. */
  drop(): void;
}

/** Longest wait for the address of a host, in ms: loading undici takes as long, and may as well begin. */
const LOOKUP_MS = 25;

/**
 * Begins to connect to the host of a URL. In a new process undici takes as long to load as a handshake takes to a
 * server across a sea, so the first text comes sooner by the smaller of the two.
 *
 * It is given up after `limitMs`. Over https the TLS handshake follows once it was taken.
 */
export function openFirstConnection(url: URL, limitMs: number): FirstConnection {
  // Not imported: for who never sends a request, the modules of Node would be half the cost of this package.
  const { connect: open } = process.getBuiltinModule("node:net");
  const options = {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: Number(url.port || (url.protocol === "https:" ? 443 : 80)),
    // The options of undici's own connections.
    highWaterMark: 64 * 1024,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 60_000,
  };
  const socket = open(options);
  let free = true;
  const limit = startTimer(limitMs, () => socket.destroy(new Error("The connection took too long.")));
  const settled = (): void => limit.stop();
  socket.once("connect", settled).once("close", settled).on("error", noop);

  const underWay = new Promise<void>((resolve) => {
    const timer = startTimer(LOOKUP_MS, resolve);
    const go = (): void => {
      timer.stop();
      resolve();
    };
    // The event comes just before the system is asked.
    socket.once("connectionAttempt", () => setImmediate(go)).once("close", go);
  });

  function take({ protocol, host }: ConnectTarget): Socket | undefined {
    if (!free || socket.destroyed || protocol !== url.protocol || host !== url.host) return undefined;
    free = false;
    return socket;
  }

  return {
    underWay,
    through: (connect) => (target, callback) => {
      const taken = take(target);
      if (taken === undefined) return connect(target, callback);
      whenConnected(taken, (error) => {
        if (error !== undefined) callback(error);
        else if (target.protocol === "https:") connect({ ...target, httpSocket: taken }, callback);
        else callback(null, taken);
      });
    },
    drop() {
      if (free) socket.destroy();
    },
  };
}

function whenConnected(socket: Socket, tell: (error: Error | undefined) => void): void {
  if (!socket.connecting) {
    // undici is not ready for an answer in the same turn.
    queueMicrotask(() => tell(undefined));
    return;
  }
  const onConnect = (): void => settle(undefined);
  const settle = (error: Error | undefined): void => {
    socket.off("connect", onConnect).off("error", settle);
    tell(error);
  };
  socket.on("connect", onConnect).on("error", settle);
}

function noop(): void {}
