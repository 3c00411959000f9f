import { mayBePublicHost } from "./public-address.ts";

/** Where a request to somewhere else may go: to any address, to public ones only, or not at all. */
export type Reach = "any" | "public" | "none";

/** Where a URL may lead to, by how it is written: {@link Reach} of public hosts, and nothing else. */
export function publicReach(url: URL): Reach {
  return mayBePublicHost(url) ? "public" : "none";
}
