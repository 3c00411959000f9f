import { aUrl, requireOption } from "../options.ts";
import { mayBePublicHost } from "./public-address.ts";

/** Where a request to somewhere else may go: to any address, to public ones only, or not at all. */
export type Reach = "any" | "public" | "none";

/** Where a URL may lead to, by how it is written: {@link Reach} of public hosts, and nothing else. Throws a `TypeError` for what is no URL. */
export function publicReach(url: URL): Reach {
  requireOption("url", url, aUrl);
  return mayBePublicHost(url) ? "public" : "none";
}
