import { openAsBlob } from "node:fs";
import { stat } from "node:fs/promises";

import { QwenError } from "../errors.ts";
import { wordsOf } from "../printable.ts";

/** Opens a file of this machine, whose bytes are read later. Rejects with `invalid_request` where there is none that can be read. */
export async function openFile(url: URL): Promise<Blob> {
  try {
    // A pipe is read until somebody writes into it, and a device has no end.
    if (!(await stat(url)).isFile()) throw new Error("it is no file");
    return await openAsBlob(url);
  } catch (cause) {
    throw new QwenError("invalid_request", `The file at ${url.href.slice(0, 200)} cannot be read: ${wordsOf(cause)}.`, {
      cause,
    });
  }
}
