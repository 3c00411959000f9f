// Going on where an answer ended, with what the server remembers.
import { qwen1M } from "@qwen/1m";
import { createRouter, type Message } from "@qwen/core";
import { localSpace } from "./local-space.ts";

await using space = await localSpace("1m", (prompt, { history }) =>
  prompt.includes("?") ? `You said: ${JSON.stringify(history)}` : "Hello Ada.",
);

await using router = createRouter({ plugins: [qwen1M({ space: space.url })] });
const messages: Message[] = [{ role: "user", content: "My name is Ada." }];
const first = await router.complete({ model: "qwen-2.5-1m", messages });
console.log(first.text);

// `messages` is always the whole chat; with the conversation only its last message has to be sent. It is a string that
// may be stored, and used by another process.
messages.push({ role: "assistant", content: first.text }, { role: "user", content: "What is my name?" });
const { conversation } = first;
const next = await router.complete({
  model: "qwen-2.5-1m",
  messages,
  conversation,
  // Where the server has forgotten it: begin a new one, with the whole chat.
  onConversationLost: "restart",
});
console.log(next.text);
