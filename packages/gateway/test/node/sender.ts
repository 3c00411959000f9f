import { request } from "node:http";

// Sends a body three times and tells what came back, from a process of its own: what it sends is on its way while the other side answers.
const [port, piece = "", bytes] = process.argv.slice(2);
const body = piece.repeat(Math.ceil(Number(bytes) / piece.length));
const headers = { "content-type": "application/json", "content-length": body.length };

function send(): Promise<string> {
  return new Promise((resolve) => {
    const sent = request(
      { host: "127.0.0.1", port, path: "/v1/chat/completions", method: "POST", headers },
      (answer) => {
        let text = `${answer.statusCode} `;
        answer.on("data", (chunk) => (text += String(chunk)));
        answer.on("end", () => resolve(text));
      },
    );
    sent.on("error", (error) => resolve(error.message));
    sent.end(body);
  });
}

const answers: string[] = [];
for (let time = 0; time < 3; time++) answers.push(await send());
process.send?.(answers);
