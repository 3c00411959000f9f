import type { Dialogue } from "@qwen/core/gradio";

import type { Component } from "./page.ts";

/**
 * Earlier turns as a chatbot takes them: pairs up to 4.36 and where it says so, messages of strings from then on, and of lists
 * of parts in Gradio 6, which refuses strings as the others refuse parts.
 */
export function chatValue(
  turns: Dialogue["turns"],
  { chatbot, major }: { readonly chatbot: Component; readonly major: number },
): readonly unknown[] {
  if (major < 6 && chatbot.format !== "messages") return turns.map(([asked, answered]) => [asked, answered]);
  return messagesOf(turns).map(({ role, content }) => ({
    role,
    content: major < 6 ? content : [{ type: "text", text: content }],
  }));
}

/** Earlier turns as data: a message each. */
export function messagesOf(turns: Dialogue["turns"]): readonly { readonly role: string; readonly content: string }[] {
  return turns.flatMap(([asked, answered]) => [
    ...(asked === "" ? [] : [{ role: "user", content: asked }]),
    { role: "assistant", content: answered },
  ]);
}
