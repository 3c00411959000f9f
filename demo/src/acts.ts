import type { Router, StreamPart } from "@qwen/core";
import { bold, dim, duration } from "./print.ts";
import type { Stage } from "./stage.ts";

/** Asks by alias, streams the answer as it comes, and says who answered and how fast. */
export async function ask({ router }: Stage, signal: AbortSignal): Promise<void> {
  console.log(`\n${bold("1. Ask by alias")}`);
  await say(router, { model: "qwen-max", question: "Why is the sky blue? Answer in two sentences.", signal });
}

/** Asks a route whose first Space is down. */
export async function fallBack({ router }: Stage, signal: AbortSignal): Promise<void> {
  console.log(`\n${bold("2. Fall back")} ${dim('— the route "smart" begins with a Space that is down')}`);
  await say(router, { model: "smart", question: "Name three primary colors.", signal });
}

/** Aborts an answer in the middle and shows that the server stopped working on it. */
export async function abortInMidAnswer({ router, working }: Stage, signal: AbortSignal): Promise<void> {
  console.log(`\n${bold("3. Stop")} ${dim("— abort after ten pieces of the answer")}`);
  const stop = new AbortController();
  const messages = [{ role: "user", content: "Tell me a long story about a lighthouse." }] as const;
  const stream = router.stream({ model: "qwen-max", messages, signal: AbortSignal.any([signal, stop.signal]) });
  let pieces = 0;
  let before: boolean | undefined;
  try {
    for await (const part of stream) {
      if (part.type !== "text-delta") continue;
      process.stdout.write(part.text);
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
    if (performance.now() - abortedAt > 5000)
      throw new Error("The server still works on the aborted answer after 5 s.");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const state = before === true ? "working" : "idle";
  console.log(
    dim(`   the model was ${state} before the abort and is idle ${duration(performance.now() - abortedAt)} after it`),
  );
}

async function say(
  router: Router,
  { model, question, signal }: { readonly model: string; readonly question: string; readonly signal: AbortSignal },
): Promise<void> {
  console.log(`   ${dim(`${model} <`)} ${question}`);
  const startedAt = performance.now();
  let firstTextMs: number | undefined;
  let characters = 0;
  process.stdout.write("   ");
  for await (const part of router.stream({ model, messages: [{ role: "user", content: question }], signal })) {
    if (part.type === "text-delta") {
      firstTextMs ??= performance.now() - startedAt;
      characters += part.text.length;
      process.stdout.write(part.text.replaceAll("\n", "\n   "));
    } else remark(part);
    if (part.type !== "finish") continue;
    const seconds = (performance.now() - startedAt - (firstTextMs ?? 0)) / 1000;
    const speed = Math.round(characters / Math.max(seconds, 0.001));
    console.log(
      `\n${dim(`   ${part.provider}/${part.model} answered: first text after ${duration(firstTextMs ?? 0)}, ${speed} characters/s, ${part.attempts.length} ${part.attempts.length === 1 ? "attempt" : "attempts"}`)}`,
    );
  }
}

function remark(part: StreamPart): void {
  if (part.type === "text-replace") process.stdout.write(`\n   ${dim("(the Space rewrote its answer:)")} ${part.text}`);
  if (part.type !== "attempt" || part.lastError === undefined) return;
  const why = part.lastError instanceof Error ? part.lastError.message : "it failed";
  process.stdout.write(`${dim(`${why} → ${part.provider}, attempt ${part.number}`)}\n   `);
}
