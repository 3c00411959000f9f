import { LIST, OBJECT, once, type Space } from "./space.ts";

/** The app of Qwen2.5-1M: `add_text` puts a question into the session, `agent_run` answers it. */
export function conversation(): Space {
  const message = (text: string, files: readonly unknown[] | null) => ({
    id: null,
    elem_id: null,
    elem_classes: null,
    name: null,
    text,
    flushing: null,
    avatar: "",
    files,
  });

  return {
    title: "Qwen2.5-1M",
    mode: "blocks",
    components: [
      { id: 1, type: "state" },
      { id: 2, type: "chatbot", value: [], schema: LIST },
      { id: 3, type: "multimodalinput", schema: OBJECT },
      { id: 4, type: "number", value: 0, schema: { type: "number" } },
      { id: 5, type: "button", value: "Clear" },
    ],
    functions: [
      { apiName: "clear", inputs: [], outputs: [2, 1], run: ({ state }) => (state.clear(), once([[], null])) },
      {
        apiName: "add_text",
        inputs: [3, 2, 1],
        outputs: [3, 2, 1],
        parameters: ["input", "chatbot", "state"],
        run({ data: [input, shown], state }) {
          const text = textOf(input);
          state.set("turns", [...turnsOf(state), text]);
          const earlier = Array.isArray(shown) ? shown : [];
          return once([
            { interactive: false, value: { files: [], text: "" }, __type__: "update" },
            [...earlier, [message(text, []), null]],
            null,
          ]);
        },
      },
      {
        apiName: "agent_run",
        inputs: [2, 1, 4],
        outputs: [2, 1, 4],
        parameters: ["chatbot", "state", "number"],
        generates: true,
        async *run({ data: [shown, , number], state, ask }) {
          const turns = turnsOf(state);
          const prompt = turns.at(-1);
          if (prompt === undefined) throw new Error("There is no question in this session.");
          const earlier = Array.isArray(shown) ? shown.slice(0, -1) : [];
          const asked: unknown = Array.isArray(shown) ? (shown.at(-1)?.[0] as unknown) : null;
          const answered = (text: string) => [[...earlier, [asked, [message(text, null), null]]], null, number];

          let answer = "";
          let pieces = 0;
          yield answered("");
          yield answered("Qwen is thinking...");
          const summed = (what: string) =>
            `${answer}${answer === "" ? "" : "\n"}<summary>${what}, ${pieces} pieces</summary>`;
          for await (const text of ask(prompt, { history: turns.slice(0, -1) })) {
            answer = text;
            pieces += 1;
            yield answered(summed("Read the context"));
          }
          yield answered(summed("Done"));
          state.set("turns", [...turns, answer]);
        },
      },
    ],
  };
}

function turnsOf(state: ReadonlyMap<string, unknown>): readonly string[] {
  const turns = state.get("turns");
  return Array.isArray(turns) ? (turns as string[]) : [];
}

function textOf(input: unknown): string {
  const text = typeof input === "object" && input !== null && "text" in input ? input.text : undefined;
  return typeof text === "string" ? text : "";
}
