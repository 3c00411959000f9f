import { QwenError } from "../errors.ts";

/** As its namesake of Node: here there are no files that a URL names. Rejects with `unsupported`. */
export function openFile(_url: URL): Promise<Blob> {
  return Promise.reject(
    new QwenError("unsupported", "A file: URL is read in Node alone. Give the file as a Blob, which an <input> has."),
  );
}
