import { request } from "node:http";

/** A body: what it begins with, what is repeated so often, and what it ends with. */
type Parts = readonly [string, string, number, string];

const [port] = process.argv.slice(2);

// Sends bodies as it is told, from a process of its own, and tells the status of each answer.
process.on(
  "message",
  ({ path, parts: [begin, piece, times, end] }: { readonly path: string; readonly parts: Parts }) => {
    const body = begin + piece.repeat(times) + end;
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    let isTold = false;
    const tell = (status: number): void => {
      if (!isTold) process.send?.(status);
      isTold = true;
    };
    const sent = request({ host: "127.0.0.1", port, path, method: "POST", headers, agent: false }, (answer) => {
      answer.resume();
      answer.on("end", () => tell(answer.statusCode ?? 0));
    });
    sent.on("error", () => tell(0));
    sent.end(body);
  },
);
process.send?.("ready");
