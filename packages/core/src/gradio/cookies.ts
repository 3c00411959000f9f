/** Cookies of a server at most, and characters of one: what RFC 6265, section 6.1 asks of a client. */
const MOST_COOKIES = 50;
const LONGEST_COOKIE = 4096;

/**
 * The cookies of one origin, for as long as a session or a client lives, so Domain and Path do not matter. A cookie that
 * expires at once is taken out (RFC 6265, section 5.3); what no `cookie` header can carry is not taken in.
 */
export class CookieJar {
  /** From an earlier life of the session, as its holder tells it: whatever the server sets now is truer. */
  readonly #restored: Map<string, string> | undefined;
  // Few sessions ever get one.
  #cookies: Map<string, string> | undefined;

  constructor(saved?: Readonly<Record<string, string>>) {
    if (saved !== undefined) this.#restored = new Map(Object.entries(saved));
  }

  /** Takes the `set-cookie` values of a response. */
  store(setCookies: readonly string[]): void {
    for (const line of setCookies) {
      const [pair = "", ...attributes] = line.split(";");
      const equals = pair.indexOf("=");
      const name = pair.slice(0, Math.max(equals, 0)).trim();
      if (name === "" || pair.length > LONGEST_COOKIE || !SENDABLE.test(pair)) continue;
      this.#restored?.delete(name);
      this.#cookies?.delete(name);
      if (expired(attributes)) continue;
      const cookies = (this.#cookies ??= new Map());
      cookies.set(name, pair.slice(equals + 1).trim());
      const [oldest] = cookies.keys();
      if (cookies.size > MOST_COOKIES && oldest !== undefined) cookies.delete(oldest);
    }
  }

  /**
   * The pairs to send back, as in a `cookie` header, together with those of a login. Of one name, what the server set in
   * this session wins over the login's, and that over what was saved.
   */
  pairs(login?: CookieJar): readonly string[] {
    const below = login === undefined ? undefined : login.#cookies;
    // Nearly always there is none, and this is asked for every request.
    if (this.#restored === undefined && below === undefined && this.#cookies === undefined) return NONE;
    const all = new Map([...(this.#restored ?? []), ...(below ?? []), ...(this.#cookies ?? [])]);
    return Array.from(all, ([name, value]) => `${name}=${value}`);
  }

  has(name: string): boolean {
    return this.#cookies?.has(name) === true || this.#restored?.has(name) === true;
  }

  /** The cookies as JSON-safe data, for a conversation that goes on elsewhere. */
  toJSON(): Readonly<Record<string, string>> {
    return Object.fromEntries([...(this.#restored ?? []), ...(this.#cookies ?? [])]);
  }
}

/** Whether a cookie is written as RFC 6265, section 4.1.1 wants it: it cannot end its header or begin another cookie. */
export function isCookie(name: string, value: string): boolean {
  return name.length + value.length < LONGEST_COOKIE && NAME.test(name) && VALUE.test(value);
}

const NONE: readonly string[] = [];

const SENDABLE = /^[\t\u0020-\u007e\u0080-\u00ff]*$/;
const NAME = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/;
const VALUE = /^(?:[!#-+\--:<-[\]-~]*|"[!#-+\--:<-[\]-~]*")$/;

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
