import { scriptedProvider } from "@qwen/testing";
import { expect, it } from "vitest";

import { question, servedBy } from "./served.ts";

const model = "scripted-model";

it("an error quotes 64 characters of a name at most, and no control characters", async () => {
  const { ask } = servedBy([scriptedProvider({ script: ["Hello"] })]);
  const name = `a\u0000\u001B[31m\u202E\r\nb${"Z".repeat(300)}`;
  const { error } = (await (await ask({ model: name, messages: question })).json()) as { error: { message: string } };
  expect(error.message).toMatch(/Z{40}/);
  expect(error.message).not.toMatch(/Z{65}/);
  expect(error.message).not.toMatch(/[\u0000-\u001F\u202E]/);
});

it("sequences to stop at are bounded, as each piece of an answer is searched for them", async () => {
  const { ask } = servedBy([scriptedProvider({ script: ["Hello"] })]);
  const answer = await ask({ model, messages: question, stop: ["a".repeat(1001)] });
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ error: { param: "stop" } });
  expect((await ask({ model, messages: question, stop: ["a".repeat(1000)] })).status).toBe(200);
});
