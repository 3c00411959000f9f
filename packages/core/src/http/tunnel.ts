import type { Socket } from "node:net";
import { proxyAuthorization, type Proxy } from "./proxy.ts";

/** Where a tunnel leads. */
export interface TunnelTarget {
  /** A name or an address without brackets. */
  readonly hostname: string;
  readonly port: number;
}

/**
 * Asks a proxy, over a connection to it, to lead on to a target: by CONNECT (RFC 9110, section 9.3.6) or by SOCKS 5
 * (RFC 1928, RFC 1929). The proxy resolves the name.
 *
 * Has no limit of its own: destroying the socket ends it.
 */
export async function openTunnel(socket: Socket, proxy: Proxy, target: TunnelTarget): Promise<void> {
  if (proxy.protocol === "socks5:") await openSocks(socket, proxy, target);
  else await openConnect(socket, proxy, target);
}

async function openConnect(socket: Socket, proxy: Proxy, { hostname, port }: TunnelTarget): Promise<void> {
  const authority = `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
  const authorization = proxyAuthorization(proxy);
  const head = await ask(
    socket,
    `CONNECT ${authority} HTTP/1.1\r\nhost: ${authority}\r\n${
      authorization === undefined ? "" : `proxy-authorization: ${authorization}\r\n`
    }\r\n`,
    (answer) => {
      const end = answer.indexOf("\r\n\r\n");
      return end < 0 ? undefined : end + 4;
    },
  );
  const [, status] = /^HTTP\/1\.\d (\d{3})/.exec(head.toString("latin1")) ?? [];
  if (status === undefined) throw new Error(NO_PROXY_THERE);
  if (!status.startsWith("2")) throw new Error(`the proxy answers CONNECT with status ${status}`);
}

const NO_LOGIN = 0;
const LOGIN = 2;

async function openSocks(socket: Socket, proxy: Proxy, { hostname, port }: TunnelTarget): Promise<void> {
  const withLogin = proxy.username !== "" || proxy.password !== "";
  const greeting = withLogin ? [5, 2, NO_LOGIN, LOGIN] : [5, 1, NO_LOGIN];
  const [version, method] = await ask(socket, Buffer.from(greeting), () => 2);
  if (version !== 5) throw new Error(NO_PROXY_THERE);
  if (method === LOGIN && withLogin) {
    const login = Buffer.concat([Buffer.from([1]), counted(proxy.username), counted(proxy.password)]);
    const [, refused] = await ask(socket, login, () => 2);
    if (refused !== 0) throw new Error("the proxy does not accept the user and password of its URL");
  } else if (method !== NO_LOGIN) {
    throw new Error("the proxy wants a login");
  }
  const request = Buffer.concat([Buffer.from([5, 1, 0]), socksAddress(hostname), Buffer.from([port >> 8, port & 255])]);
  const [, failure = 1] = await ask(socket, request, socksAnswerLength);
  if (failure !== 0) throw new Error(`the proxy does not connect: ${SOCKS_FAILURES[failure] ?? `reply ${failure}`}`);
}

/** By number of the reply; RFC 1928, section 6. */
const SOCKS_FAILURES = [
  "",
  "general failure",
  "not allowed",
  "network unreachable",
  "host unreachable",
  "connection refused",
  "time to live expired",
  "command not supported",
  "kind of address not supported",
];

/** 4 bytes before an address, and 2 of a port behind it. */
function socksAnswerLength(answer: Buffer): number | undefined {
  const [version, failure, , kind, length] = answer;
  if (version !== 5) throw new Error(NO_PROXY_THERE);
  // Whoever refuses may leave the address out.
  if (failure !== undefined && failure !== 0) return answer.length;
  if (kind === 1) return 4 + 4 + 2;
  if (kind === 4) return 4 + 16 + 2;
  return length === undefined ? undefined : 4 + 1 + length + 2;
}

function socksAddress(hostname: string): Buffer {
  const family = process.getBuiltinModule("node:net").isIP(hostname);
  if (family === 4) return Buffer.from([1, ...hostname.split(".").map(Number)]);
  if (family === 6) return Buffer.from([4, ...ipv6Bytes(hostname)]);
  return Buffer.concat([Buffer.from([3]), counted(hostname)]);
}

/** Of an address as a URL writes it: no IPv4 part, no zone. */
function ipv6Bytes(address: string): number[] {
  const [left = [], right = []] = address.split("::").map((half) => half.split(":").filter((group) => group !== ""));
  const gap = Array.from({ length: 8 - left.length - right.length }, () => "0");
  return [...left, ...gap, ...right].flatMap((group) => {
    const word = Number.parseInt(group, 16);
    return [word >> 8, word & 255];
  });
}

function counted(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

const NO_PROXY_THERE = "what is there does not answer like a proxy";
const LONGEST_ANSWER = 16 * 1024;

/** Sends a question and reads its answer, whose length is known once enough of it is there. */
function ask(
  socket: Socket,
  question: string | Uint8Array,
  lengthOf: (answer: Buffer) => number | undefined,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let got: Buffer = Buffer.alloc(0);
    const settle = (error: Error | undefined, length = 0): void => {
      socket.off("readable", read).off("error", settle).off("end", onEnd).off("close", onEnd);
      if (error !== undefined) {
        reject(error);
        return;
      }
      if (got.length > length) socket.unshift(got.subarray(length));
      resolve(got.subarray(0, length));
    };
    const onEnd = (): void => settle(new Error("the proxy closed the connection"));
    const read = (): void => {
      try {
        for (let bytes: Buffer | null = socket.read(); bytes !== null; bytes = socket.read()) {
          got = Buffer.concat([got, bytes]);
          const length = lengthOf(got);
          if (length !== undefined && length <= got.length) {
            settle(undefined, length);
            return;
          }
          if (got.length > LONGEST_ANSWER) throw new Error(NO_PROXY_THERE);
        }
      } catch (error) {
        settle(error instanceof Error ? error : new Error(NO_PROXY_THERE));
      }
    };
    socket.on("readable", read).on("error", settle).on("end", onEnd).on("close", onEnd);
    socket.write(question);
  });
}
