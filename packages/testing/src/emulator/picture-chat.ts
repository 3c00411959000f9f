import { cleandoc } from "./cleandoc.ts";
import { OBJECT, type Space, TEXT } from "./space.ts";

/** The app of QVQ-72B: a picture and a prompt, answered in Markdown. */
export function pictureChat(): Space {
  return {
    title: "QVQ-72B-preview",
    mode: "blocks",
    components: [
      { id: 1, type: "image", label: "Image", schema: OBJECT },
      { id: 2, type: "textbox", label: "Input", schema: TEXT },
      { id: 3, type: "markdown", label: "Answer", schema: TEXT },
      { id: 4, type: "button", value: "Submit" },
    ],
    functions: [
      {
        apiName: "generate",
        inputs: [1, 2],
        outputs: [3],
        parameters: ["image", "prompt"],
        generates: true,
        async *run({ data: [image, question], ask }) {
          const prompt = typeof question === "string" ? question : "";
          const picture = pathOf(image);
          for await (const text of ask(prompt, { picture })) yield [cleandoc(text)];
        },
      },
    ],
  };
}

function pathOf(file: unknown): string | undefined {
  const path = typeof file === "object" && file !== null && "path" in file ? file.path : undefined;
  return typeof path === "string" ? path : undefined;
}
