import type { IncomingMessage } from "node:http";

/** How long what was refused may still be sent, so that the refusal is read before the connection is reset. */
export const LINGER_MS = 500;

/**
 * Lets a connection be closed behind its answer only once its sender had time to read that. One that is closed while something is sent is
 * reset, and the answer is lost with it. What still comes meanwhile is thrown away.
 */
export function linger(incoming: IncomingMessage): void {
  const { socket } = incoming;
  // Node calls it behind the last answer of a connection.
  socket.destroySoon = () => {
    if (socket.destroyed || incoming.complete) {
      if (socket.writable) socket.end();
      if (socket.writableFinished) socket.destroy();
      else socket.once("finish", () => socket.destroy());
      return;
    }
    socket.end();
    // Who has read it before may be slower than what comes.
    incoming.removeAllListeners("data");
    incoming.resume();
    const timer = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.once("close", () => clearTimeout(timer));
    incoming.once("end", () => socket.destroy());
  };
}
