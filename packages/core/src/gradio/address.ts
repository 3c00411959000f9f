import { maskSecrets } from "../printable.ts";
import { shortened } from "../nearest.ts";

/** Where a Space is: `owner/name` on Hugging Face, or the URL of any Gradio app. */
export type SpaceTarget = string | URL;

/** Its own hosts: what else stands there is no app, and would be handed the token. */
const HUB_HOSTS: ReadonlySet<string> = new Set(["huggingface.co", "www.huggingface.co", "hf.co", "www.hf.co"]);

/**
 * The base URL of a Space, ending in "/". A repository, or any of its pages on huggingface.co or hf.co as a
 * browser shows them, with a scheme or without, becomes `https://{owner}-{name}.hf.space`.
 *
 * Throws a `TypeError` for anything that is neither a repository nor an http(s) URL, for another page of the hub,
 * and for a URL with a password in it.
 */
export function spaceUrl(target: SpaceTarget): URL {
  const address = addressOf(target);
  // Pasted without its scheme, a host looks like the owner of a repository.
  const pasted = /^(?:(?:www\.)?(?:huggingface|hf)\.co|[\w-]+\.hf\.space)(?=[/?#:]|$)/i.test(address);
  const repository = pasted ? null : /^([\w.-]+)\/([\w.-]+)\/?$/.exec(address);
  if (repository !== null) return repositoryUrl(repository[1] ?? "", repository[2] ?? "");

  const url = URL.parse(pasted ? `https://${address}` : address);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new TypeError(`Not a Space: ${JSON.stringify(shown(address))}. Give "owner/name" or an http(s) URL.`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new TypeError("The URL of a Space cannot hold a user and password. Send them in `headers`, or by `auth`.");
  }
  if (HUB_HOSTS.has(url.hostname.replace(/\.$/, ""))) return pageUrl(url);
  url.search = "";
  url.hash = "";
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}

function addressOf(target: SpaceTarget): string {
  try {
    return String(target).trim();
  } catch (cause) {
    throw new TypeError('Not a Space. Give "owner/name" or an http(s) URL.', { cause });
  }
}

/** The owner and name of a repository, where a target says them. */
export function repositoryOf(target: SpaceTarget): readonly [string, string] | undefined {
  const address = String(target).trim();
  const [, owner, name] =
    /^(?:(?:https?:\/\/)?(?:www\.)?(?:huggingface|hf)\.co\/spaces\/)?([\w.-]+)\/([\w.-]+)(?:[/?#].*)?$/i.exec(
      address,
    ) ?? [];
  if (owner === undefined || name === undefined || /\.hf\.space$|^(?:www\.)?(?:huggingface|hf)\.co$/i.test(owner))
    return undefined;
  return [owner, name];
}

/** What is wrong with an address is told without what may be a password or a token in it. */
function shown(address: string): string {
  return maskSecrets(shortened(address.replace(/^.*@/s, "…@")));
}

/** The Space whose page on the hub it is. What follows its name (`/tree/main`, `/discussions`) is part of the page. */
function pageUrl(page: URL): URL {
  const [kind, owner, name] = page.pathname.split("/").filter((step) => step !== "");
  if (kind !== "spaces" || owner === undefined || name === undefined || !/^[\w.-]+$/.test(owner + name)) {
    throw new TypeError(
      `${JSON.stringify(shown(page.host + page.pathname))} is no Space. Give "owner/name", or the address of its page: huggingface.co/spaces/owner/name.`,
    );
  }
  return repositoryUrl(owner, name);
}

function repositoryUrl(owner: string, name: string): URL {
  const subdomain = `${owner}-${name}`.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  return new URL(`https://${subdomain}.hf.space/`);
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
  // With the dot of the root it is the same host.
  return /\.hf\.space\.?$/.test(hostname);
}

/**
 * Reads a token: an empty one, as an environment variable without a value gives it, is none.
 *
 * Throws a `TypeError` for one that cannot be sent, without showing it.
 */
export function readToken(token: string | undefined): string | undefined {
  if (token === undefined || token === "") return undefined;
  if (typeof token !== "string" || !/^[\u0021-\u007e]+$/.test(token))
    throw new TypeError(
      "`token` must be a string of characters that an HTTP header can carry. Check for line breaks and spaces.",
    );
  return token;
}
