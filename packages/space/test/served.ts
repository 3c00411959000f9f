import type { Message } from "@qwen/core";

import {
  completed,
  eventId,
  generating,
  says,
  startTestSpace,
  type Exchange,
  type TestSpace,
} from "../../core/test/servers/test-space.ts";

/** One question. */
export const ask = (content: string): readonly Message[] => [{ role: "user", content }];
/** A question behind an earlier turn. */
export const TURNS: readonly Message[] = [
  { role: "user", content: "Hi" },
  { role: "assistant", content: "Hello" },
  ...ask("And now?"),
];

/** Components and functions by their wiring alone. */
export interface App {
  readonly components: readonly object[];
  readonly dependencies: readonly object[];
  readonly [field: string]: unknown;
}

/** A text box. */
export const box = (id: number, props: object = {}) => ({
  id,
  type: "textbox",
  props: { label: `Box ${id}`, ...props },
});
/** A chat that one function answers. */
export const CHAT: App = {
  components: [box(1, { label: "Message" }), { id: 2, type: "chatbot", props: { type: "messages" } }],
  dependencies: [{ id: 4, api_name: "chat", targets: [[1, "submit"]], inputs: [1, 2], outputs: [1, 2] }],
};

/** What a chatbot of messages shows. */
export const answer = (text: string) => [
  { role: "user", content: "?" },
  { role: "assistant", content: text },
];

/** Says "Hello." in three steps. */
export const SAYS = says(
  generating(["", answer("He")]),
  generating([[], [["append", [1, "content"], "llo"]]]),
  completed(["", answer("Hello.")]),
);

/** Serves an app whose every job is called the same. */
export function serve(app: App): Promise<TestSpace> {
  return startTestSpace({
    config: ({ reply }) => reply(200, { version: "5.50.0", protocol: "sse_v3", api_prefix: "/gradio_api", ...app }),
    join: ({ reply }) => reply(200, { event_id: eventId() }),
    data: SAYS,
  });
}

/** The JSON of a request. */
export function bodyOf(exchange: Exchange | undefined): Readonly<Record<string, unknown>> {
  return exchange?.json as Readonly<Record<string, unknown>>;
}
