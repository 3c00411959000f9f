import type { BlockList } from "node:net";

/** A proxy that requests go through. */
export interface Proxy {
  readonly protocol: "http:" | "https:" | "socks5:";
  /** Without brackets. */
  readonly hostname: string;
  readonly port: number;
  /** `host:port`: what may be shown of it. */
  readonly host: string;
  readonly username: string;
  readonly password: string;
}

/** Which proxy a URL is asked through. */
export type ProxyChoice = (url: URL) => Proxy | undefined;

/**
 * Reads the option `proxy`: a URL is for every request, `false` means none, and nothing set what the environment says:
 * `HTTPS_PROXY`, `HTTP_PROXY` and `ALL_PROXY` but for the hosts of `NO_PROXY`, each in small letters too, which win.
 * An empty variable is not set. For https, `HTTP_PROXY` serves where nothing else is named.
 *
 * Throws a `TypeError` that names the option or the variable where that is no URL of a proxy. The environment is read
 * once, here.
 */
export function readProxies(option: string | false | undefined): ProxyChoice {
  if (option === false) return direct;
  if (option !== undefined) {
    const proxy = parseProxy(option, "The option `proxy`");
    return () => proxy;
  }
  const all = variable("all_proxy");
  const http = variable("http_proxy") ?? all;
  const https = variable("https_proxy") ?? all ?? http;
  if (http === undefined && https === undefined) return direct;
  const exceptions = readExceptions(process.env["no_proxy"] || process.env["NO_PROXY"] || "");
  return (url) => {
    const proxy = url.protocol === "https:" ? https : http;
    return proxy === undefined || isException(url, exceptions) ? undefined : proxy;
  };
}

/** What a proxy with a login wants to see, nothing where the URL holds none. */
export function proxyAuthorization({ username, password }: Proxy): string | undefined {
  return username === "" && password === ""
    ? undefined
    : `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

function direct(): undefined {}

function variable(lowerCase: string): Proxy | undefined {
  for (const name of [lowerCase, lowerCase.toUpperCase()]) {
    const value = process.env[name]?.trim();
    if (value !== undefined && value !== "") return parseProxy(value, `The environment variable ${name}`);
  }
  return undefined;
}

const PORTS: Readonly<Record<string, number>> = { "http:": 80, "https:": 443, "socks5:": 1080 };

/** The value itself is not shown in errors: it may hold a password. */
function parseProxy(value: unknown, source: string): Proxy {
  const remedy = "Write it as http://host:port (or https, socks5, socks5h), or set `proxy: false` for none.";
  // Without a scheme it is HTTP, as for curl: in "localhost:3128" the URL standard would see the scheme "localhost".
  const text = typeof value !== "string" ? "" : /^[a-z][a-z\d+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  const url = URL.parse(text);
  const credentials = url === null ? undefined : decoded(url);
  // What stands behind a host is none of it: a colon is missing before, or a password holds what it cannot as it is.
  const isAll = url !== null && url.pathname.length <= 1 && url.search === "" && url.hash === "";
  if (!isAll || credentials === undefined || url.hostname === "" || url.port === "0")
    throw new TypeError(`${source} is not the URL of a proxy. ${remedy}`);
  // Names are resolved by the proxy in both.
  const protocol = url.protocol === "socks5h:" || url.protocol === "socks:" ? "socks5:" : url.protocol;
  if (protocol !== "http:" && protocol !== "https:" && protocol !== "socks5:")
    throw new TypeError(`${source} names a proxy of a kind that is not known, "${url.protocol}//". ${remedy}`);
  const port = Number(url.port || PORTS[protocol]);
  return {
    protocol,
    hostname: url.hostname.replace(/^\[|\]$/g, ""),
    port,
    host: `${url.hostname}:${port}`,
    ...credentials,
  };
}

function decoded({ username, password }: URL): Pick<Proxy, "username" | "password"> | undefined {
  try {
    const credentials = { username: decodeURIComponent(username), password: decodeURIComponent(password) };
    // What a field of SOCKS can hold; nothing longer is a password.
    return Object.values(credentials).every((text) => Buffer.byteLength(text) <= 255) ? credentials : undefined;
  } catch {
    return undefined;
  }
}

/** An entry of `NO_PROXY`. */
interface Exception {
  /** In small letters, without dots around it; `*` is every host. */
  readonly name: string;
  /** Whether the name itself is meant too, not only what is below it. */
  readonly itself: boolean;
  /** Addresses in place of a name. */
  readonly addresses: BlockList | undefined;
  readonly port: number | undefined;
}

function readExceptions(list: string): readonly Exception[] {
  return list
    .split(/[,\s]+/)
    .filter((entry) => entry !== "")
    .map((entry) => {
      const [, bracketed, digits] = /^\[(.+)\](?::(\d+))?$/.exec(entry) ?? [];
      // An IPv6 address has more than one colon, and none of them begins a port.
      const [, host = entry, port] = bracketed === undefined ? (/^([^:]+):(\d+)$/.exec(entry) ?? []) : [];
      const name = bracketed ?? host;
      return {
        name: name.toLowerCase().replace(/^\*?\.|\.$/g, ""),
        itself: !name.startsWith("*."),
        addresses: addressesOf(name),
        port: digits === undefined && port === undefined ? undefined : Number(digits ?? port),
      };
    });
}

/** One address, or those of a block such as `10.0.0.0/8`. */
function addressesOf(name: string): BlockList | undefined {
  const { BlockList: Addresses, isIP } = process.getBuiltinModule("node:net");
  const [address = "", prefix] = name.split("/");
  const family = isIP(address);
  if (family === 0) return undefined;
  const addresses = new Addresses();
  const kind = family === 4 ? "ipv4" : "ipv6";
  try {
    if (prefix === undefined) addresses.addAddress(address, kind);
    else addresses.addSubnet(address, /^\d+$/.test(prefix) ? Number(prefix) : -1, kind);
  } catch {
    // A block of no size: it holds nothing.
  }
  return addresses;
}

function isException({ hostname, port, protocol }: URL, exceptions: readonly Exception[]): boolean {
  if (exceptions.length === 0) return false;
  const host = hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  const hostPort = Number(port || PORTS[protocol]);
  const family = process.getBuiltinModule("node:net").isIP(host);
  return exceptions.some((entry) => {
    if (entry.port !== undefined && entry.port !== hostPort) return false;
    if (entry.name === "*") return true;
    if (entry.addresses !== undefined)
      return family !== 0 && entry.addresses.check(host, family === 4 ? "ipv4" : "ipv6");
    return (entry.itself && host === entry.name) || (family === 0 && host.endsWith(`.${entry.name}`));
  });
}
