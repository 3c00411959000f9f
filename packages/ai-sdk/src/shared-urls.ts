import type { LanguageModelV4 } from "@ai-sdk/provider";

type Urls = Record<string, RegExp[]>;

/** The addresses that all models fetch by themselves: any other is fetched by `ai`. What cannot be known is none. */
export function sharedUrls(models: readonly LanguageModelV4[]): Urls | PromiseLike<Urls> {
  const given = models.map(urlsOf);
  return given.some(isPromiseLike)
    ? Promise.all(given.map(async (urls) => await urls)).then(shared)
    : shared(given as readonly Urls[]);
}

function urlsOf(model: LanguageModelV4): Urls | Promise<Urls> {
  try {
    const { supportedUrls } = model;
    return isPromiseLike(supportedUrls)
      ? Promise.resolve(supportedUrls).then(patternsIn, (): Urls => ({}))
      : patternsIn(supportedUrls);
  } catch {
    return {};
  }
}

/** What of it are patterns: a model that says something else is asked all the same. */
export function patternsIn(urls: unknown): Urls {
  const entries = Object.entries<unknown>({ ...(urls as object | undefined) });
  return Object.fromEntries(entries.filter((entry): entry is [string, RegExp[]] => Array.isArray(entry[1])));
}

function shared(all: readonly Urls[]): Urls {
  return all.reduce(between);
}

/** Of both: of two media types the narrower, where one holds the other. */
function between(some: Urls, others: Urls): Urls {
  const found = new Map<string, RegExp[]>();
  for (const [type, patterns] of Object.entries(some)) {
    for (const [other, known] of Object.entries(others)) {
      const narrower = holds(type, other) ? other : holds(other, type) ? type : undefined;
      const both = patterns.filter((each) => known.some((one) => String(one) === String(each)));
      if (narrower === undefined || both.length === 0) continue;
      const before = found.get(narrower) ?? [];
      found.set(narrower, [...before, ...both.filter((each) => !before.some((one) => String(one) === String(each)))]);
    }
  }
  return Object.fromEntries(found);
}

/** Whether a media type with wildcards stands for another one. */
export function holds(wide: string, narrow: string): boolean {
  if (wide === narrow || wide === "*" || wide === "*/*") return true;
  return wide.endsWith("/*") && narrow.startsWith(wide.slice(0, -1));
}

/** Whether a value is still to come. */
export function isPromiseLike<Value>(value: Value | PromiseLike<Value>): value is PromiseLike<Value> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}
