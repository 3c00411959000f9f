import type { Flavour } from "./flavour.ts";
import { LIST, once, type Space, type SpaceFunction, TEXT } from "./space.ts";

/** Any `gr.ChatInterface`. */
export function chatInterface({ version }: Flavour): Space {
  const is4 = version === "4.44.1";
  // The functions of the page's buttons come first: whoever calls `chat` has to look its index up.
  const filler = (apiName: string): SpaceFunction => ({
    apiName,
    inputs: [],
    outputs: [],
    queue: false,
    documented: false,
    run: () => once([]),
  });
  const fillers = Array.from({ length: is4 ? 18 : 6 }, (_, index) =>
    filler(index === 0 ? "lambda" : `lambda_${index}`),
  );

  return {
    title: "Chat",
    mode: "chat_interface",
    components: [
      { id: 1, type: "chatbot", label: "Chatbot", value: [], schema: LIST },
      { id: 2, type: "textbox", label: "Message", schema: TEXT },
      { id: 3, type: "button", value: "Submit" },
      { id: 4, type: is4 ? "textbox" : "json", label: "Response", schema: is4 ? TEXT : {} },
      { id: 5, type: "state", value: [] },
    ],
    functions: [
      ...fillers,
      {
        apiName: "chat",
        inputs: [2, 5],
        outputs: [4, 5],
        parameters: ["message", "history"],
        generates: true,
        async *run({ data: [message], state, ask }) {
          const prompt = typeof message === "string" ? message : "";
          const history = state.get("history") ?? [];
          let answer = "";
          for await (const text of ask(prompt, { history })) yield [(answer = text), null];
          state.set("history", [...(history as unknown[]), [prompt, answer]]);
        },
      },
    ],
  };
}
