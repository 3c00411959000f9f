import { connect } from "node:net";

/** What came back on a connection. */
export interface RawAnswers {
  readonly statuses: readonly number[];
  /** All of it. */
  readonly text: string;
  /** Whether the other side closed. */
  readonly isClosed: boolean;
}

/**
 * Writes bytes into a connection and reads what comes back, until it is closed, or quiet for a while behind an answer. Pieces are
 * written one after the other, with a moment between them.
 */
export async function raw(port: number, ...pieces: readonly string[]): Promise<RawAnswers> {
  const socket = connect(port, "127.0.0.1");
  const chunks: Buffer[] = [];
  const over = Promise.withResolvers<boolean>();
  let quiet: NodeJS.Timeout | undefined;
  socket.on("data", (chunk) => {
    chunks.push(chunk);
    clearTimeout(quiet);
    quiet = setTimeout(() => over.resolve(false), 200);
  });
  socket.on("close", () => over.resolve(true));
  socket.on("error", () => {});
  const limit = setTimeout(() => over.resolve(false), 1000);
  for (const [index, piece] of pieces.entries()) {
    if (index > 0) await new Promise((resolve) => void setTimeout(resolve, 20));
    socket.write(piece, "latin1");
  }
  const isClosed = await over.promise;
  clearTimeout(quiet);
  clearTimeout(limit);
  socket.destroy();
  const text = Buffer.concat(chunks).toString();
  return { text, isClosed, statuses: [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status)) };
}

/** The JSON of the last answer. */
export function bodyOf({ text }: RawAnswers): unknown {
  return JSON.parse(text.slice(text.lastIndexOf("\r\n\r\n") + 4));
}
