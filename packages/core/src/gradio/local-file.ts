import { openFile as openOnPlatform } from "#local-file";

/**
 * Opens a file of this machine by its `file:` URL. Rejects with `invalid_request` where it cannot be read, with `unsupported`
 * where the platform has none.
 */
// Said in a declaration of its own: which file `#local-file` is, users' compilers cannot know.
export function openFile(url: URL): Promise<Blob> {
  return openOnPlatform(url);
}
