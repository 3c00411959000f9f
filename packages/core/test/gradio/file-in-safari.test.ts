import { expect, it } from "vitest";
import type { SpaceFile } from "../../src/gradio/space-file.ts";
import { connectSpace } from "../../src/gradio/space.ts";
import { completed, oneJob, says, startTestSpace } from "../servers/test-space.ts";

it("a file is read where a stream cannot be iterated over, as in Safari", async () => {
  const output = { path: "/tmp/a", meta: { _type: "gradio.FileData" } };
  await using space = await startTestSpace({
    ...oneJob,
    data: says(completed([output])),
    other: ({ response }) => void response.end("x".repeat(100_000)),
  });
  const client = connectSpace(space.origin);
  const [file] = (await client.predict("chat", [])) as readonly [SpaceFile];
  const { prototype } = ReadableStream;
  const iterator = Object.getOwnPropertyDescriptor(prototype, Symbol.asyncIterator) ?? {};
  Reflect.deleteProperty(prototype, Symbol.asyncIterator);
  try {
    expect((await file.bytes()).byteLength).toBe(100_000);
    await expect(file.blob({ maxBytes: 1000 })).rejects.toMatchObject({ code: "protocol" });
  } finally {
    Object.defineProperty(prototype, Symbol.asyncIterator, iterator);
  }
  await client.close();
});
