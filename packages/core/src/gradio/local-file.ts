import { openFile as openOnPlatform } from "#platform";

/**
 * Opens a file of this machine by its `file:` URL. Rejects with `invalid_request` where it cannot be read, with `unsupported`
 * where the platform has none.
 */
// In a file of core: of what is loaded later there is one for all platforms.
export function openFile(url: URL): Promise<Blob> {
  return openOnPlatform(url);
}
