import type { SpaceClient } from "./client.ts";
import { filePath } from "./wire.ts";

/** Where a file is that the server of a Space keeps: on the Space's own origin, whatever its path says. */
export function fileUrl({ url, config }: SpaceClient, path: string): URL {
  // Joined as text: resolving the path as a reference could lead to another host.
  return new URL(`${url.href.replace(/\/$/, "")}${config.prefix}/${filePath(path)}`);
}
