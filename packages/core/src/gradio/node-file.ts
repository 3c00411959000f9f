import { QwenError } from "../errors.ts";
import { wordsOf } from "../printable.ts";

/** Opens a file of this machine, whose bytes are read later. Rejects with `invalid_request` where there is none that can be read. */
export async function openFile(url: URL): Promise<Blob> {
  try {
    // Loaded here: an import of this package loads no module of Node.
    const { openAsBlob, promises } = await import("node:fs");
    // A pipe is read until somebody writes into it, and a device has no end.
    if (!(await promises.stat(url)).isFile()) throw new Error("it is no file");
    return await openAsBlob(url);
  } catch (cause) {
    throw new QwenError("invalid_request", `The file at ${url.href.slice(0, 200)} cannot be read: ${wordsOf(cause)}.`, {
      cause,
    });
  }
}
