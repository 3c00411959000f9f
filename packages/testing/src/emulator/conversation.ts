import { cleandoc } from "./cleandoc.ts";
import { LIST, OBJECT, once, type Space, TEXT } from "./space.ts";

/** A question and its answer; the last one has none while it is being given. */
type Turn = readonly [question: string, answer: string | null];

const ASSISTANTS = 2;
const THINKING = "Qwen is thinking...";

/** The app of Qwen2.5-1M: `add_text` puts a question into the session, `agent_run` answers it. */
export function conversation(): Space {
  return {
    title: "Qwen2.5-1M",
    mode: "blocks",
    components: [
      { id: 1, type: "markdown", value: "# Qwen2.5-1M", schema: TEXT },
      { id: 2, type: "state", value: [] },
      { id: 3, type: "modelscopechatbot", label: "Qwen2.5-1M", value: [], schema: LIST },
      { id: 4, type: "modelscopemultimodalinput", label: "Input", schema: OBJECT },
      { id: 5, type: "dropdown", label: "Assistant", value: 0, schema: {} },
      { id: 6, type: "markdown", schema: TEXT },
    ],
    functions: [
      { apiName: "lambda", inputs: [5], outputs: [6], queue: false, run: () => once(["Qwen2.5-1M"]) },
      {
        apiName: "add_text",
        inputs: [4, 3, 2],
        outputs: [4, 3, 2],
        parameters: ["message", "chatbot", "history"],
        queue: false,
        run({ data: [input, shown], state }) {
          const text = textOf(input);
          state.set("history", [...historyOf(state), [text, null] satisfies Turn]);
          const locked = { interactive: false, value: { files: [], text: "" }, __type__: "update" };
          return once([locked, [...listOf(shown), [message(text, []), null]], null]);
        },
      },
      {
        apiName: "agent_run",
        inputs: [3, 2, 5],
        outputs: [3, 2, 5],
        parameters: ["chatbot", "history", "assistant"],
        generates: true,
        async *run({ data: [chatbot, , assistant], state, ask }) {
          const past = historyOf(state).slice(0, -1);
          const question = historyOf(state).at(-1)?.[0];
          if (question === undefined) throw new Error("There is no question in this session.");
          const shown = listOf(chatbot).slice(0, -1);
          const asked = listOf(listOf(chatbot).at(-1))[0] ?? null;
          const outputs = (text: string): readonly unknown[] => {
            const replies = Array.from({ length: ASSISTANTS }, (_, index) =>
              index === assistant ? message(text, null) : null,
            );
            return [[...shown, [asked, replies]], null, assistant];
          };

          let answer = "";
          let pieces = 0;
          yield outputs("");
          yield outputs(THINKING);
          for await (const text of ask(question, { history: past })) {
            answer = text;
            pieces += 1;
            yield outputs(`${answer}\n<summary>Read the context, ${pieces} pieces</summary>`);
          }
          state.set("history", [...past, [question, answer] satisfies Turn]);
          yield outputs(`${answer}\n<summary>Done, ${pieces} pieces</summary>`);
        },
      },
      {
        apiName: "unlock",
        inputs: [],
        outputs: [4],
        queue: false,
        run: () => once([{ interactive: true, __type__: "update" }]),
      },
    ],
  };
}

function message(text: string, files: readonly unknown[] | null) {
  const unused = { id: null, elem_id: null, elem_classes: null, name: null };
  return { ...unused, text: cleandoc(text), flushing: null, avatar: "", files };
}

function historyOf(state: ReadonlyMap<string, unknown>): readonly Turn[] {
  return (state.get("history") ?? []) as readonly Turn[];
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function textOf(input: unknown): string {
  const text = typeof input === "object" && input !== null && "text" in input ? input.text : undefined;
  return typeof text === "string" ? text : "";
}
