/** Where a Space is: `owner/name` on Hugging Face, or the URL of any Gradio app. */
export type SpaceTarget = string | URL;

/**
 * The base URL of a Space, ending in "/". A repository, or its page on huggingface.co, becomes
 * `https://{owner}-{name}.hf.space`.
 *
 * Throws a `TypeError` for anything that is neither a repository nor an http(s) URL, and for a URL
 * with a password in it.
 */
export function spaceUrl(target: SpaceTarget): URL {
  const repository = /^(?:https:\/\/huggingface\.co\/spaces\/)?([\w.-]+)\/([\w.-]+)\/?$/.exec(String(target));
  if (repository !== null) {
    const subdomain = `${repository[1]}-${repository[2]}`.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
    return new URL(`https://${subdomain}.hf.space/`);
  }
  const url = URL.parse(String(target));
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new TypeError(`Not a Space: ${JSON.stringify(String(target))}. Give "owner/name" or an http(s) URL.`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new TypeError("The URL of a Space cannot hold a user and password. Send them in `headers`, or by `auth`.");
  }
  url.search = "";
  url.hash = "";
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}

/**
 * The header that carries a token to `url`, if that host may have it at all.
 *
 * A Space on `*.hf.space` is somebody's code: it gets `X-HF-Authorization`, which Hugging Face's proxy
 * takes off again. The hub, and a host of the caller's own naming, get `Authorization`. Every
 * other host, and the same host by another scheme or port, gets nothing.
 */
export function tokenHeader(
  url: URL,
  { space, token }: { readonly space: URL; readonly token: string },
): Readonly<Record<string, string>> {
  if (url.origin === "https://huggingface.co") return { authorization: `Bearer ${token}` };
  if (url.origin !== space.origin) return {};
  return isHuggingFaceSpace(url) ? { "x-hf-authorization": `Bearer ${token}` } : { authorization: `Bearer ${token}` };
}

/** Whether a host is a Space on Hugging Face. */
export function isHuggingFaceSpace({ hostname }: URL): boolean {
  return hostname.endsWith(".hf.space");
}

/** Throws a `TypeError` for a token that cannot be sent, without showing it. */
export function checkToken(token: string): string {
  if (!/^[\u0021-\u007e]+$/.test(token))
    throw new TypeError(
      "The token is empty or holds characters that no HTTP header can carry. Check for line breaks and spaces.",
    );
  return token;
}
