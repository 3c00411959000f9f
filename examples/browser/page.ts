// A chat with the Space that `?space=` names, by this page alone: no server stands between them.
import { createRouter, QwenError, type Message } from "@qwen/core";
import { space } from "@qwen/space";

const address = new URLSearchParams(location.search).get("space") ?? "owner/name";
const router = createRouter({ plugins: [space(address, { id: "chat" })] });

const form = document.querySelector("form") as HTMLFormElement;
const { question, ask, stop } = form.elements as unknown as Readonly<
  Record<"question", HTMLInputElement> & Record<"ask" | "stop", HTMLButtonElement>
>;
const [chat, status, name] = ["#chat", "#status", "#space"].map((id) => document.querySelector(id) as HTMLElement);
const messages: Message[] = [];

function show(role: "user" | "assistant", text: string): HTMLElement {
  const line = document.createElement("p");
  line.className = role;
  line.textContent = text;
  chat?.append(line);
  return line;
}

function say(text: string): void {
  if (status !== undefined) status.textContent = text;
}

async function answer(signal: AbortSignal): Promise<void> {
  const line = show("assistant", "");
  const stream = router.stream({ model: "chat", messages, signal });
  for await (const part of stream) {
    if (part.type === "queue") say(`At place ${part.position ?? "?"} of the queue`);
    if (part.type === "text-delta") line.append(part.text);
    if (part.type === "text-replace") line.textContent = part.text;
    if (line.textContent !== "") say("Answering");
  }
  const { text, provider } = await stream.completion;
  messages.push({ role: "assistant", content: text });
  say(`Answered by ${provider}`);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const content = question.value.trim();
  if (content === "" || ask.disabled) return;
  question.value = "";
  show("user", content);
  messages.push({ role: "user", content });
  const stopping = new AbortController();
  stop.addEventListener("click", () => stopping.abort(), { once: true });
  [ask.disabled, stop.disabled] = [true, false];
  say("Asking");
  answer(stopping.signal)
    .catch((error: unknown) => {
      // What had no answer is asked no more.
      messages.pop();
      say(stopping.signal.aborted ? "Stopped" : QwenError.isInstance(error) ? error.message : String(error));
    })
    .finally(() => {
      [ask.disabled, stop.disabled] = [false, true];
    });
});

if (name !== undefined) name.textContent = address;
