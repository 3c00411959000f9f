import { cleandoc } from "./cleandoc.ts";
import { OBJECT, type Space, type SpaceFunction, TEXT } from "./space.ts";

/** The app of QVQ-72B: a picture and a prompt, answered in Markdown. */
export function pictureChat(): Space {
  const generate: SpaceFunction = {
    apiName: "generate",
    inputs: [2, 3],
    outputs: [5],
    parameters: ["picture", "question"],
    generates: true,
    async *run({ data: [image, question], ask }) {
      const picture = pathOf(image);
      const system = picture === undefined ? null : "The user shows you a picture.";
      const prompt = typeof question === "string" ? question : "";
      for await (const text of ask(prompt, { history: [], system, picture })) yield [cleandoc(text)];
    },
  };

  return {
    title: "QVQ-72B",
    mode: "blocks",
    components: [
      { id: 1, type: "markdown", value: "# QVQ-72B", schema: TEXT },
      { id: 2, type: "image", label: "Picture", schema: OBJECT },
      { id: 3, type: "textbox", label: "Question", schema: TEXT },
      { id: 4, type: "button", value: "Ask" },
      { id: 5, type: "markdown", label: "Answer", schema: TEXT },
    ],
    functions: [generate, { ...generate, apiName: "generate_1" }],
  };
}

function pathOf(file: unknown): string | undefined {
  const path = typeof file === "object" && file !== null && "path" in file ? file.path : undefined;
  return typeof path === "string" ? path : undefined;
}
