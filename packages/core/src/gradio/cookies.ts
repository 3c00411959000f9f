/** The cookies of one origin, for as long as a session or a client lives. */
export interface CookieJar {
  /** Takes the `set-cookie` values of a response. */
  store(setCookies: readonly string[]): void;
  /** The pairs to send back, as in a `cookie` header. */
  pairs(): readonly string[];
  /** The cookies as JSON-safe data, for a conversation that goes on elsewhere. */
  toJSON(): Readonly<Record<string, string>>;
}

/**
 * Makes a jar for a single origin, so Domain and Path do not matter; a cookie that expires at once
 * is taken out (RFC 6265, section 5.3).
 */
export function createCookieJar(saved: Readonly<Record<string, string>> = {}): CookieJar {
  const cookies = new Map(Object.entries(saved));
  return {
    store(setCookies) {
      for (const line of setCookies) {
        const [pair = "", ...attributes] = line.split(";");
        const equals = pair.indexOf("=");
        if (equals < 1) continue;
        const name = pair.slice(0, equals).trim();
        if (expired(attributes)) cookies.delete(name);
        else cookies.set(name, pair.slice(equals + 1).trim());
      }
    },
    pairs: () => [...cookies].map(([name, value]) => `${name}=${value}`),
    toJSON: () => Object.fromEntries(cookies),
  };
}

/** Max-Age, where there is one, overrules Expires. */
function expired(attributes: readonly string[]): boolean {
  const value = (name: string): string | undefined =>
    attributes
      .map((attribute) => attribute.split("="))
      .findLast(([key = ""]) => key.trim().toLowerCase() === name)?.[1];
  const maxAge = value("max-age");
  if (maxAge !== undefined && /^\s*-?\d+\s*$/.test(maxAge)) return Number(maxAge) <= 0;
  return Date.parse(value("expires") ?? "") <= Date.now();
}
