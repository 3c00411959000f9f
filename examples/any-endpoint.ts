// Any endpoint of a Space, chat or not: what it takes, inputs by name, and a session.
import { connectSpace } from "@qwen/core/gradio";
import { createSpaceEmulator } from "@qwen/testing";

await using app = await createSpaceEmulator({
  shape: "chat",
  answer: (prompt) => (prompt.includes("?") ? "You said no." : "No."),
});

await using space = connectSpace(app.url);
// What its page "Use via API" says, behind the address.
console.log((await space.describe()).split("\n").slice(2).join("\n"));

// Its calls share what the Space keeps of a visitor: the chat so far.
await using session = space.session();
const [answer] = await session.predict("/chat", { message: "Yes or no" });
console.log(answer);

// What is left out (`gr.State`, and all that has a default) need not be said; a list does as well as names. Bytes, Blobs and `URL`
// objects among the inputs are uploaded; files come out as `SpaceFile`.
for await (const message of session.submit("/chat", ["And before?"]))
  if (message.type === "completed") console.log(message.data[0]);
