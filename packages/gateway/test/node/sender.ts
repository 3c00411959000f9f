import { request } from "node:http";
import { parentPort, workerData } from "node:worker_threads";

// Sends one body and tells what came back, from a thread of its own: what it sends is on its way while the other side answers.
const { port, piece, bytes } = workerData as { readonly port: number; readonly piece: string; readonly bytes: number };
const body = piece.repeat(Math.ceil(bytes / piece.length));
const headers = { "content-type": "application/json", "content-length": body.length };
const sent = request({ host: "127.0.0.1", port, path: "/v1/chat/completions", method: "POST", headers }, (answer) => {
  let text = `${answer.statusCode} `;
  answer.on("data", (chunk) => (text += String(chunk)));
  answer.on("end", () => parentPort?.postMessage(text));
});
sent.on("error", (error) => parentPort?.postMessage(error.message));
sent.end(body);
