// A question about a picture.
import { createRouter, type Message } from "@qwen/core";
import { qvq } from "@qwen/qvq";
import { localSpace } from "./local-space.ts";

await using space = await localSpace("qvq", (_, { picture }) => `A meadow, in ${picture?.split("/").at(-1)}.`);

await using router = createRouter({ plugins: [qvq({ space: space.url })] });
const messages: Message[] = [
  {
    role: "user",
    content: [
      { type: "text", text: "What is this?" },
      // Bytes and a Blob do as well, and so does an http: or data: URL.
      { type: "image", image: new URL("../demo/meadow.png", import.meta.url) },
    ],
  },
];
const { text } = await router.complete({ model: "qvq-72b", messages });
console.log(text);
