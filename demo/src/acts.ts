import { openAsBlob } from "node:fs";
import {
  imagesOf,
  textOf,
  type Completion,
  type Message,
  type Router,
  type RouterRequest,
  type StreamPart,
} from "@qwen/core";
import { bold, dim, duration } from "./print.ts";
import type { Stage } from "./stage.ts";

/** Asks by alias, streams the answer as it comes, and says who answered and how fast. */
export async function ask({ router }: Stage, signal: AbortSignal): Promise<void> {
  console.log(`\n${bold("1. Ask by alias")}`);
  await say(router, { model: "qwen-max", messages: [user("Why is the sky blue? Answer in two sentences.")], signal });
}

/** Asks a route from a Space that is down to an OpenAI-compatible endpoint, and again once the Space is back. */
export async function fallBack({ router, bringBack }: Stage, signal: AbortSignal): Promise<void> {
  console.log(
    `\n${bold("2. Fall back")} ${dim('— the route "smart" leads from a Space that is down to an OpenAI-compatible endpoint')}`,
  );
  const request = { model: "smart", messages: [user("Name three primary colors.")], signal };
  await say(router, request);
  if (bringBack === undefined) return;
  await bringBack();
  console.log(dim("   the Space is back"));
  await say(router, request);
}

const LONGEST_STOP_MS = 30_000;

/** Aborts an answer in the middle and shows that the server stopped working on it. */
export async function abortInMidAnswer({ router, working }: Stage, signal: AbortSignal): Promise<void> {
  console.log(`\n${bold("3. Stop")} ${dim("— abort after ten pieces of the answer")}`);
  const stop = new AbortController();
  const messages = [user("Tell me a long story about a lighthouse.")];
  const stream = router.stream({ model: "qwen-max", messages, signal: AbortSignal.any([signal, stop.signal]) });
  let pieces = 0;
  let before: boolean | undefined;
  try {
    for await (const part of stream) {
      if (part.type !== "text-delta") continue;
      process.stdout.write(`${pieces === 0 ? "   " : ""}${indented(part.text)}`);
      pieces += 1;
      if (pieces < 10) continue;
      before = await working?.();
      stop.abort(new Error("Enough."));
    }
  } catch (error) {
    if (!stop.signal.aborted || signal.aborted) throw error;
  }
  if (!stop.signal.aborted) throw new Error("The answer ended before it could be stopped.");
  process.stdout.write(" …\n");
  if (working === undefined) {
    console.log(dim("   aborted; a public Space does not tell what it works on"));
    return;
  }
  const abortedAt = performance.now();
  while (await working()) {
    // A model on a machine that is busy with other work ends the token that it is at, which may take seconds.
    if (performance.now() - abortedAt > LONGEST_STOP_MS)
      throw new Error(`The server still works on the aborted answer after ${duration(LONGEST_STOP_MS)}.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const state = before === true ? "working" : "idle";
  console.log(
    dim(`   the model was ${state} before the abort and is idle ${duration(performance.now() - abortedAt)} after it`),
  );
}

/** Asks the other three Spaces: with history, about a picture, and in a conversation that the server remembers. */
export async function askEveryone({ router, addOthers }: Stage, signal: AbortSignal): Promise<void> {
  console.log(`\n${bold("4. Every Space")} ${dim("— added to the running router")}`);
  await addOthers();
  await say(router, { model: "qwen-72b", messages: [user("Say hello in French.")], signal });

  const picture = await openAsBlob(new URL("../meadow.png", import.meta.url));
  const content = [
    { type: "text", text: "What colors do you see?" },
    { type: "image", image: picture },
  ] as const;
  await say(router, { model: "qvq", messages: [{ role: "user", content }], signal });

  const first = [user("My name is Ada. Greet me.")];
  const { text, conversation } = await say(router, { model: "qwen-1m", messages: first, signal });
  const messages = [...first, { role: "assistant", content: text } as const, user("What is my name?")];
  await say(router, { model: "qwen-1m", messages, conversation, signal });
}

function user(content: string): Message {
  return { role: "user", content };
}

/** Asks, prints the answer as it comes, and then who gave it and how fast. */
async function say(router: Router, request: RouterRequest): Promise<Completion> {
  const { model, messages, conversation } = request;
  const last = messages.at(-1);
  const about = conversation === undefined ? "" : ", going on";
  const picture = last !== undefined && imagesOf(last).length > 0 ? " [picture]" : "";
  console.log(`   ${dim(`${model}${about} <`)} ${last === undefined ? "" : textOf(last)}${picture}`);

  const startedAt = performance.now();
  let firstTextMs = 0;
  let characters = 0;
  process.stdout.write("   ");
  const stream = router.stream(request);
  for await (const part of stream) {
    if (part.type === "text-delta") {
      if (characters === 0) firstTextMs = performance.now() - startedAt;
      characters += part.text.length;
      process.stdout.write(indented(part.text));
    } else remark(part);
  }
  const { provider, model: answered, attempts } = await stream.completion;
  const seconds = (performance.now() - startedAt - firstTextMs) / 1000;
  const speed = `${Math.round(characters / Math.max(seconds, 0.001))} characters/s`;
  const tries = attempts.length === 1 ? "" : `, after ${attempts.length} attempts`;
  console.log(dim(`\n   ${provider}/${answered}: first text after ${duration(firstTextMs)}, ${speed}${tries}`));
  return stream.completion;
}

function remark(part: StreamPart): void {
  if (part.type === "text-replace")
    process.stdout.write(`\n   ${dim("rewritten by the Space:")} ${indented(part.text)}`);
  if (part.type !== "attempt" || part.lastError === undefined) return;
  const why = part.lastError instanceof Error ? part.lastError.message : "it failed";
  process.stdout.write(`${dim(`${why} Attempt ${part.number}: ${part.provider}.`)}\n   `);
}

function indented(text: string): string {
  return text.replaceAll("\n", "\n   ");
}
