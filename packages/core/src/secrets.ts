import { maskSecrets, printable } from "./printable.ts";

type Headers = Readonly<Record<string, string>>;

/** What is shorter stands in any text. */
const SHORTEST = 6;

/** What of headers was given in confidence: their values, the parts of a cookie, and what stands behind the name of a scheme. */
export function secretsIn(headers: Headers | undefined): readonly string[] {
  return Object.entries(headers ?? {}).flatMap(([name, value]) => {
    if (name.toLowerCase() === "cookie")
      return value.split(";").map((pair) => pair.slice(pair.indexOf("=") + 1).trim());
    const [, credentials] = /^[\w-]+ +(\S.*)$/.exec(value) ?? [];
    return credentials === undefined ? [value] : [value, credentials];
  });
}

/** Whether headers hold a cookie of that name. */
export function hasCookie(headers: Headers | undefined, name: string): boolean {
  return Object.entries(headers ?? {}).some(
    ([header, value]) =>
      header.toLowerCase() === "cookie" && value.split(";").some((pair) => pair.trim().startsWith(`${name}=`)),
  );
}

/** Characters of a text that are looked at: fewer are shown. */
const MOST_READ = 10_000;

/** The beginning of a text of a Space's, without the secrets that it repeats, as they are or as JSON or a form writes them. */
export function concealed(text: string, secrets: readonly string[]): string {
  // What looks like one is told by what stands before it, which may be a secret itself.
  return concealing(secrets)(maskSecrets(text.slice(0, MOST_READ)));
}

/**
 * What takes secrets out of texts, as they are or as JSON or a form writes them, in small letters or large. So is the beginning of one
 * where a text was cut, which an ellipsis says.
 */
export function concealing(secrets: readonly string[]): (text: string) => string {
  const written = secrets.flatMap((secret) => [
    secret,
    secret.replaceAll(/\s+/g, " "),
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret.toWellFormed()),
    new URLSearchParams([["", secret]]).toString().slice(1),
  ]);
  // The longest first: one may be a part of another.
  const forms = [...new Set(written.filter(({ length }) => length >= SHORTEST).map(small))].toSorted(
    (a, b) => b.length - a.length,
  );
  return (text) => {
    const bare = forms.reduce(without, text);
    // What is left out where it is shown may have stood within one.
    const shown = printable(bare, bare.length);
    const shownBare = forms.reduce(without, shown);
    return shownBare === shown ? bare : shownBare;
  };
}

/** The shortest beginning of a secret that is taken out where a text was cut. */
const SHORTEST_BEGINNING = 4;

function without(text: string, form: string): string {
  const searched = small(text);
  const head = form.slice(0, SHORTEST_BEGINNING);
  let shown = "";
  let from = 0;
  for (let at = searched.indexOf(head); at >= 0; at = searched.indexOf(head, Math.max(at + 1, from))) {
    let end = at + head.length;
    while (end - at < form.length && searched[end] === form[end - at]) end += 1;
    if (end - at < form.length && text[end] !== "…") continue;
    shown += `${text.slice(from, at)}***`;
    from = end;
  }
  return shown + text.slice(from);
}

/** In small letters, each in the place of its large one. */
function small(text: string): string {
  return text.replaceAll(/\p{Lu}+/gu, (letters) => {
    const others = letters.toLowerCase();
    return others.length === letters.length ? others : letters;
  });
}
