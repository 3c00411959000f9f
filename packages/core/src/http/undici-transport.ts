import { loadFailure } from "#platform";
import { markOwn } from "../own-functions.ts";
import type { Connections } from "./connections.ts";
import { Dial, dialTarget } from "./dial.ts";
import { Exchange } from "./exchange.ts";
import { readProxies, type ProxyChoice } from "./proxy.ts";
import type { OwnRequest, OwnTransport, TransportOptions, TransportResponse } from "./transport.ts";

/**
 * HTTP/1.1 over undici's clients, with kept-alive connections of its own, straight or through a proxy.
 *
 * Idle connections do not keep the process alive. undici's own time limits are off: they count bytes, and a heartbeat
 * is bytes. undici is loaded by the first request, while its connection is being made. Throws a `TypeError` for a
 * proxy that is none, given as option or by the environment.
 */
export function createTransport({ proxy }: TransportOptions = {}): OwnTransport {
  const proxyFor = readProxies(proxy);
  let loading: Promise<Connections> | undefined;
  // Kept beside its promise: a request goes out in the turn it is made.
  let loaded: Connections | undefined;

  function load(request: OwnRequest): Promise<Connections> {
    const opening = openConnections(request, proxyFor);
    opening.then(
      // Unless it was closed meanwhile: what comes after that has connections of its own.
      (connections) => {
        if (loading === opening) loaded = connections;
      },
      () => {
        if (loading === opening) loading = undefined;
      },
    );
    return (loading = opening);
  }

  return {
    request: markOwn(
      (request: OwnRequest) =>
        new Promise<TransportResponse>((resolve, reject) => {
          request.signal?.throwIfAborted();
          const exchange = new Exchange(request, { resolve, reject });
          if (loaded !== undefined) {
            exchange.send(loaded);
            return;
          }
          (loading ?? load(request)).then(
            (connections) => exchange.send(connections),
            (cause: unknown) => exchange.fail(loadFailure(cause)),
          );
        }),
    ),
    async close() {
      const closing = loading;
      loading = undefined;
      loaded = undefined;
      // Whoever waits for undici hears of it when it cannot be loaded.
      const connections = await closing?.catch(() => undefined);
      await connections?.close();
    },
  };
}

/** Longest wait for the address of a host, in ms: loading undici takes as long, and may as well begin. */
const LOOKUP_MS = 25;

/**
 * Loads undici while the connection of the first request is being made. In a new process undici takes as long to load
 * as a handshake takes to a server across a sea, so the first text comes sooner by the smaller of the two.
 */
async function openConnections(request: OwnRequest, proxyFor: ProxyChoice): Promise<Connections> {
  let onTry = (): void => {};
  const underWay = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, LOOKUP_MS);
    onTry = () => {
      clearTimeout(timer);
      // Once the system makes the connection, nothing is lost by blocking the event loop.
      setImmediate(resolve);
    };
  });
  const first = new Dial({ ...dialTarget(request, proxyFor(request.url)), onTry });
  await underWay;
  try {
    const { Connections: Made } = await import("./connections.ts");
    return new Made({ proxyFor, first });
  } catch (error) {
    first.cancel();
    throw error;
  } finally {
    // Whoever waits for this takes it in the same turn, if at all.
    setImmediate(() => first.drop());
  }
}
