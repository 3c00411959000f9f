import { mustBe, readable } from "../options.ts";
import { isHuggingFaceSpace, repositoryOf, type SpaceTarget } from "./address.ts";

/** How the hub knows a Space. */
export interface HubPage {
  /** Where it says in which stage the Space is. */
  readonly url: URL;
  /** What the Space is called in messages. */
  readonly name: string;
}

/** The hub of Hugging Face. */
const HUB_URL = "https://huggingface.co/";

/** How long a Space that sleeps is waited for where nobody says, in ms. */
export const WAKE_MS = 120_000;

/**
 * Reads the address of a hub. Throws a `TypeError` for what is no https URL (http on this machine) without a password: the token goes
 * there.
 */
export function readHubUrl(given: string | URL | undefined): URL | undefined {
  if (given === undefined) return undefined;
  const url = URL.parse(readable("hubUrl", () => String(given)));
  const isSafe = url?.protocol === "https:" || (url?.protocol === "http:" && LOOPBACK.test(url.hostname));
  if (url === null || !isSafe || url.username !== "" || url.password !== "")
    throw mustBe(
      "hubUrl",
      "an https URL without a password, or an http one of this machine: the token goes there",
      given,
    );
  url.search = "";
  url.hash = "";
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** Where a hub tells of a Space; `undefined` where nobody named one and the Space is not on Hugging Face. */
export function hubPage(
  target: SpaceTarget,
  { url, hub }: { readonly url: URL; readonly hub: URL | undefined },
): HubPage | undefined {
  if (hub === undefined && !isHuggingFaceSpace(url)) return undefined;
  const base = (hub?.href ?? HUB_URL) + "api/spaces/";
  const repository = repositoryOf(target);
  const [subdomain = ""] = url.hostname.split(".");
  // Which part of a host is the owner nobody can tell.
  return repository === undefined
    ? { url: new URL(`${base}by-subdomain/${encodeURIComponent(subdomain)}`), name: url.host }
    : { url: new URL(base + repository.map(encodeURIComponent).join("/")), name: repository.join("/") };
}
