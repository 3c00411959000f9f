/**
 * Whether an IP address, written as text, belongs to a host of the public internet: it is in no range of IANA's
 * special-purpose registries for IPv4 and IPv6, and no multicast. An address that carries an IPv4 address for a
 * translator (mapped, NAT64) is judged by that one; tunnels of old (6to4, Teredo) are not public. What cannot be
 * read is not public either.
 */
export function isPublicAddress(address: string): boolean {
  const words = wordsOf(address);
  if (words === undefined) return false;
  const bits = words.map((word) => word.toString(2).padStart(16, "0")).join("");
  const isIn = (range: string): boolean => bits.startsWith(prefix(range));
  if (CARRIERS.some(isIn)) return !SPECIAL_V4.some((range) => bits.startsWith(prefix(range), 96));
  return isIn(GLOBAL_V6) && !SPECIAL_V6.some(isIn);
}

/**
 * Whether the host of a URL may be public as far as it can be told without resolving it: an address written out is
 * judged by {@link isPublicAddress}; a name must have a dot in it and no ending that is reserved for the inside of
 * a network.
 */
export function mayBePublicHost(url: URL): boolean {
  const host = hostOf(url);
  return isAddress(host) ? isPublicAddress(host) : host.includes(".") && !INNER_NAMES.test(host);
}

/** Whether the host of a URL is an address, written out, that is not public. Of a name only who resolves it knows. */
export function isInnerAddress(url: URL): boolean {
  const host = hostOf(url);
  return isAddress(host) && !isPublicAddress(host);
}

function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
}

function isAddress(host: string): boolean {
  return host.includes(":") || /^[\d.]+$/.test(host);
}

// RFC 6761, RFC 6762, RFC 8375; ".internal" is ICANN's for private use, and that of the clouds' metadata.
const INNER_NAMES = /\.(?:localhost|localdomain|local|internal|intranet|lan|private|corp|home|home\.arpa)$/i;

/** The eight words of an address, one of IPv4 as if it were mapped. */
function wordsOf(address: string): readonly number[] | undefined {
  // A zone (`%eth0`) names an interface: only addresses of a local link have one.
  const dotted = /^(?:(.*:))?(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(address);
  if (dotted === null) return wordsOfV6(address);
  const [a = 256, b = 256, c = 256, d = 256] = dotted.slice(2).map(Number);
  if (Math.max(a, b, c, d) > 255) return undefined;
  const last = `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  return wordsOfV6(`${dotted[1] ?? "::ffff:"}${last}`);
}

function wordsOfV6(address: string): readonly number[] | undefined {
  const [head = "", tail, ...more] = address.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const gap = 8 - left.length - right.length;
  if (more.length > 0 || (tail === undefined ? gap !== 0 : gap < 1)) return undefined;
  const words = [...left, ...Array.from({ length: gap }, () => "0"), ...right];
  return words.every((word) => /^[\da-f]{1,4}$/i.test(word))
    ? words.map((word) => Number.parseInt(word, 16))
    : undefined;
}

/** The bits that a range of addresses has in common. Read when asked for: most processes never do. */
function prefix(range: string): string {
  const [base = "", length = ""] = range.split("/");
  const words = wordsOf(base) ?? [];
  const v4 = !base.includes(":");
  const bits = words.map((word) => word.toString(2).padStart(16, "0")).join("");
  return v4 ? bits.slice(96, 96 + Number(length)) : bits.slice(0, Number(length));
}

/** Mapped, and the well-known prefix of NAT64 (RFC 6052), through which a network without IPv4 reaches the old internet. */
const CARRIERS = ["::ffff:0:0/96", "64:ff9b::/96"];

const GLOBAL_V6 = "2000::/3";

// https://www.iana.org/assignments/iana-ipv4-special-registry
const SPECIAL_V4 = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.31.196.0/24",
  "192.52.193.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "192.175.48.0/24",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  // Multicast, and what is reserved with the broadcast address.
  "224.0.0.0/4",
  "240.0.0.0/4",
  // The one address of a public range that answers from inside: the platform of Azure.
  "168.63.129.16/32",
];

// https://www.iana.org/assignments/iana-ipv6-special-registry, as far as it is not outside of 2000::/3 anyway.
const SPECIAL_V6 = ["2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3ffe::/16", "3fff::/20"];
