import type { DebugLog } from "./debug.ts";
import { final } from "./decision.ts";
import { QwenError } from "./errors.ts";
import { wordsOf } from "./printable.ts";

// What Node has, as `#platform`. What it must say is in `web-platform.ts` as well.

/** Whether this SDK makes the connections, over which it may then go as it likes. */
export const makesConnections = true;

/** Whether a header is the platform's to set, and nobody else's. */
export function keepsHeader(_name: string): boolean {
  return false;
}

/** Whether cookies are kept and sent by the platform, and by nobody else. */
export function keepsCookies(): boolean {
  return false;
}

/**
 * Whether what one request of a server has begun ends with that request, and is not told to others who wait for it: the rule of
 * edge runtimes.
 */
export function requestsAreApart(): boolean {
  return false;
}

/**
 * Twenty hex digits that nobody can guess: those of a UUID that are chance, since Node draws for many at once, and asks the system
 * for each ten bytes. What Node has by itself is loaded sooner than its Web Crypto, which a first call would wait for.
 */
export function randomHash(): string {
  const uuid = process.getBuiltinModule("node:crypto").randomUUID();
  return uuid.slice(0, 8) + uuid.slice(-12);
}

/** Where lines of the section "qwen" go; nowhere, if nobody asked for it. */
export function openLog(): DebugLog | undefined {
  return process.getBuiltinModule("node:util").debuglog("qwen");
}

/** Opens a file of this machine, whose bytes are read later. Rejects with `invalid_request` where there is none that can be read. */
export async function openFile(url: URL): Promise<Blob> {
  try {
    const { openAsBlob, promises } = process.getBuiltinModule("node:fs");
    // A pipe is read until somebody writes into it, and a device has no end.
    if (!(await promises.stat(url)).isFile()) throw new Error("it is no file");
    return await openAsBlob(url);
  } catch (cause) {
    throw new QwenError("invalid_request", `The file at ${url.href.slice(0, 200)} cannot be read: ${wordsOf(cause)}.`, {
      cause,
    });
  }
}

/** What ends a call for which a part of this SDK cannot be loaded: a mistake of whoever installed it, which is no provider's. */
export function loadFailure(cause: unknown): unknown {
  const what =
    "A part of this SDK cannot be loaded. Keep the files of its packages together as long as a process runs.";
  return final("import", new TypeError(what, { cause }));
}
