import { maskSecrets } from "./printable.ts";

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
  const written = new Set(
    secrets
      .filter((secret) => secret.length >= SHORTEST)
      .flatMap((secret) => [
        secret,
        JSON.stringify(secret).slice(1, -1),
        new URLSearchParams([["", secret]]).toString().slice(1),
      ]),
  );
  // What looks like one is told by what stands before it, which may be a secret itself.
  let shown = maskSecrets(text.slice(0, MOST_READ));
  // The longest first: one may be a part of another.
  for (const secret of [...written].toSorted((a, b) => b.length - a.length)) shown = shown.replaceAll(secret, "***");
  return shown;
}
