import { expect, it } from "vitest";
import type { SpaceFile } from "../../src/gradio/space-file.ts";
import { connectSpace } from "../../src/gradio/space.ts";
import { heldMb } from "../cost.ts";
import { completed, oneJob, says, startTestSpace } from "../servers/test-space.ts";

it("a file that comes byte by byte takes the memory that it is", async () => {
  const output = { path: "/tmp/a", meta: { _type: "gradio.FileData" } };
  await using space = await startTestSpace({ ...oneJob, data: says(completed([output])) });
  const client = connectSpace(space.origin);
  const [file] = (await client.predict("chat", [])) as readonly [SpaceFile];
  let [sent, held] = [0, 0];
  // In place of what its server sends; what is held is looked at while the end is awaited.
  file.stream = () =>
    new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull(controller) {
        sent += 1;
        if (sent <= 20_000) controller.enqueue(Uint8Array.of(sent));
        else {
          held = heldMb();
          controller.close();
        }
      },
    });
  const before = heldMb();
  expect(await file.bytes()).toEqual(Uint8Array.from({ length: 20_000 }, (_, index) => index + 1));
  expect(held - before).toBeLessThan(1);
  await client.close();
});
