import { createRouter } from "@qwen/core";
import { qwenMax } from "@qwen/max";

// Nothing is sent but over connections of the SDK's own.
globalThis.fetch = () => {
  throw new Error("The platform's fetch was asked.");
};

const [, , space] = process.argv;
const early = qwenMax({ id: "early", space, earlyStream: true });
const router = createRouter({ plugins: [qwenMax({ space }), early] });
const messages = [{ role: "user", content: "Hi" }] as const;

// Reads an answer as it comes, and says in how many pieces.
async function stream(model: "max/qwen-max" | "early/qwen-max"): Promise<void> {
  const pieces: string[] = [];
  for await (const piece of router.stream({ model, messages }).textStream) pieces.push(piece);
  console.log(`${model}: ${pieces.join("")} (${pieces.length > 1 ? "in pieces" : "at once"})`);
}

// Aborts an answer at its first text, and says what the call ended with.
async function abort(): Promise<void> {
  const controller = new AbortController();
  try {
    for await (const part of router.stream({ model: "max/qwen-max", messages, signal: controller.signal })) {
      if (part.type === "text-delta") controller.abort(new Error("That is enough."));
    }
  } catch (error) {
    console.log(error === controller.signal.reason ? "aborted" : error);
  }
}

await stream("max/qwen-max");
await stream("early/qwen-max");
await abort();
// Nothing is closed, and yet the process ends.
