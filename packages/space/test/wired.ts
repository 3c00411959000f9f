import { readPage, type Page } from "../src/page.ts";
import type { Plan } from "../src/plan.ts";

// Components by what people call them, functions by one line each: "trigger name: inputs → outputs".

const COMPONENTS: Readonly<Record<string, object>> = {
  box: { type: "textbox", props: { label: "Message" } },
  nameless: { type: "textbox", props: {} },
  other: { type: "textbox", props: { label: "Text" } },
  solar: { type: "textbox", props: { placeholder: "Ask about the solar system" } },
  task: { type: "textbox", props: { label: "Your question", placeholder: "Give your instructions here" } },
  name: { type: "textbox", props: { label: "Name" } },
  key: { type: "textbox", props: { label: "API key", placeholder: "Enter your key to chat" } },
  query: { type: "textbox", props: { label: "Your text" } },
  token: { type: "textbox", props: { visible: false } },
  hidden: { type: "textbox", props: { placeholder: "System prompt" } },
  system: { type: "textbox", props: { label: "System prompt", value: "s" } },
  out: { type: "textbox", props: { label: "Answer" } },
  md: { type: "markdown", props: {} },
  found: { type: "textbox", props: { label: "Found" } },
  status: { type: "textbox", props: { label: "Status" } },
  json: { type: "json", props: {} },
  chat: { type: "chatbot", props: { type: "messages" } },
  chat2: { type: "chatbot", props: { type: "messages" } },
  state: { type: "state", props: {} },
  memo: { type: "state", props: {} },
  image: { type: "image", props: { label: "Image" } },
  mode: { type: "radio", props: { label: "Mode", value: "a" } },
  heat: { type: "slider", props: { label: "Temperature", value: 1, maximum: 2 } },
  send: { type: "button", props: { value: "Send" } },
  again: { type: "button", props: { value: "Regenerate" } },
  anew: { type: "button", props: { value: "重新生成" } },
  dos: { type: "button", props: { value: "Reintentar" } },
  blog: { type: "button", props: { value: "Write a blog intro" } },
  shorten: { type: "button", props: { value: "📝 Summarize" } },
  seek: { type: "button", props: { value: "Look it up" } },
  unseen: { type: "button", props: { value: "Bridge", visible: false } },
  start: { type: "button", props: { value: "Start chat" } },
  rows: { type: "dataset", props: {} },
};

/** What people call them, by their ids. */
export const IDS = Object.keys(COMPONENTS);

/** Reads lines such as `box.submit user: box chat > box chat`, `then bot*: chat > chat`; a `*` is a generator. */
export function page(...lines: readonly string[]): Page {
  const id = (name: string): number => IDS.indexOf(name);
  const dependencies = lines.map((line, index) => {
    const [, trigger = "", name = "", star, inputs = "", outputs = ""] =
      /^(\S+) (\w+)(\*|!)?: ?([^>]*)>(.*)$/.exec(line) ?? [];
    const [target = "", event = "then"] = trigger.split(".");
    const named = (text: string) => text.split(" ").filter(Boolean).map(id);
    return {
      id: index,
      api_name: name,
      targets: [[target === "then" ? null : id(target), event]],
      inputs: named(inputs),
      outputs: named(outputs),
      types: { generator: star === "*" },
      backend_fn: star !== "!",
      trigger_after: target === "then" ? index - 1 : null,
    };
  });
  const components = IDS.map((name, index) => ({ id: index, ...COMPONENTS[name] }));
  return readPage({ version: "5.50.0", config: { components, dependencies } });
}

/** What runs, where the question goes, where earlier turns go, and where the answer is. */
export function told({ course, message, history }: Plan): string {
  const steps = [...course.before, course.answer].map(({ name }) => name).join(" ");
  return `${steps}; ${IDS[message.id as number]}; ${history.kind}; ${IDS[course.answer.outputs[course.output]?.id as number]}`;
}
