// A question about a picture.
import { openAsBlob } from "node:fs";
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
      // Bytes do as well, and so does a public http(s): or a data: URL.
      { type: "image", image: await openAsBlob(new URL("../demo/meadow.png", import.meta.url)) },
    ],
  },
];
const { text } = await router.complete({ model: "qvq-72b", messages });
console.log(text);
