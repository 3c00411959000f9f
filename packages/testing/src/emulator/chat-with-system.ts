import { cleandoc } from "./cleandoc.ts";
import type { Flavour } from "./flavour.ts";
import { LIST, once, type Space, type SpaceFunction, TEXT } from "./space.ts";

/** The apps of Qwen2.5-Max and Qwen2-72B: a chat with slots for the history and the system prompt. */
export function chatWithSystem(title: string, { cleansChatbot }: Flavour): Space {
  const defaultSystem = "You are a helpful assistant.";
  const shown = (text: unknown): unknown => (cleansChatbot && typeof text === "string" ? cleandoc(text) : text);

  const modelChat: SpaceFunction = {
    apiName: "model_chat",
    inputs: [9, 8, 5],
    outputs: [9, 8, 3],
    parameters: ["question", "history", "system"],
    generates: true,
    async *run({ data: [question, history, system], ask }) {
      const prompt = typeof question === "string" ? question : "";
      const pairs = Array.isArray(history) ? history : [];
      const earlier = pairs.map((pair: unknown) => (Array.isArray(pair) ? pair.map(shown) : pair));
      for await (const text of ask(prompt, { history: pairs, system })) {
        yield ["", [...earlier, [shown(prompt), shown(text)]], system];
      }
    },
  };

  return {
    title,
    mode: "blocks",
    components: [
      { id: 1, type: "markdown", value: `# ${title}`, schema: TEXT },
      { id: 3, type: "textbox", label: "System", value: defaultSystem, schema: TEXT },
      { id: 4, type: "button", value: "Set system prompt and clear history" },
      { id: 5, type: "textbox", value: defaultSystem, schema: TEXT, props: { visible: false } },
      { id: 8, type: "chatbot", label: title, value: [], schema: LIST, props: { type: "tuples" } },
      { id: 9, type: "textbox", label: "Input", schema: TEXT },
      { id: 11, type: "button", value: "Clear history" },
      { id: 12, type: "button", value: "Send" },
    ],
    functions: [
      modelChat,
      { ...modelChat, apiName: "model_chat_1" },
      { apiName: "clear_session", inputs: [], outputs: [9, 8], run: () => once(["", []]) },
      {
        apiName: "set_system",
        inputs: [3],
        outputs: [5, 3, 8],
        parameters: ["system"],
        run: ({ data: [system] }) => once([system || defaultSystem, system || defaultSystem, []]),
      },
    ],
  };
}
