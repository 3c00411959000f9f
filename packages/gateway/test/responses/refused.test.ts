import { scriptedProvider } from "@qwen/testing";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";

import { asked } from "./asked.ts";

const message = { role: "user", content: "Hi" };
const tool = { type: "function", name: "f" };

it.each<readonly [object, number, string | null, string | null]>([
  [{}, 400, null, "input"],
  [{ input: "" }, 400, null, "input"],
  [{ input: [] }, 400, null, "input"],
  [{ input: 7 }, 400, null, "input"],
  [{ input: [7] }, 400, null, "input[0]"],
  [{ input: [null] }, 400, null, "input[0]"],
  [{ input: [{ ...message, role: "system" }] }, 400, null, "input"],
  [{ input: [{ ...message, content: [] }] }, 400, null, "input"],
  [{ input: "x", model: "" }, 400, null, "model"],
  [{ input: "x", model: 7 }, 400, null, "model"],
  [{ input: "x", model: "none" }, 404, "model_not_found", "model"],
  [{ input: [{ ...message, role: "robot" }] }, 400, null, "input[0].role"],
  [{ input: [{ role: "user" }] }, 400, null, "input[0].content"],
  [
    { input: [{ role: "user", content: [{ type: "input_audio" }] }] },
    400,
    "unsupported_value",
    "input[0].content[0].type",
  ],
  [{ input: [{ role: "user", content: [{ type: "input_image" }] }] }, 400, null, "input[0].content[0].image_url"],
  [
    { input: [{ role: "user", content: [{ type: "input_image", image_url: "file:///etc/passwd" }] }] },
    400,
    null,
    "input[0].content[0].image_url",
  ],
  [
    { input: [{ role: "user", content: [{ type: "input_image", file_id: "f" }] }] },
    400,
    "unsupported_value",
    "input[0].content[0].file_id",
  ],
  [
    { input: [{ role: "user", content: [{ type: "input_file", file_url: "file:///etc/passwd" }] }] },
    400,
    null,
    "input[0].content[0].file_url",
  ],
  [
    { input: [{ role: "assistant", content: [{ type: "input_image", image_url: "data:," }] }] },
    400,
    null,
    "input[0].content[0].type",
  ],
  [{ input: [{ type: "computer_call" }] }, 400, "unsupported_value", "input[0].type"],
  [{ input: [{ type: "function_call_output", call_id: "c", output: "x" }] }, 400, null, "input"],
  [{ input: [{ type: "function_call", call_id: "c" }] }, 400, null, "input[0].name"],
  [{ input: [{ type: "item_reference", id: "msg_none" }, message] }, 404, "item_not_found", "input[0].id"],
  [{ input: [{ id: `msg_${"0".repeat(32)}_1` }, message] }, 404, "item_not_found", "input[0].id"],
  [{ input: "x", conversation: "conv_1" }, 400, "unsupported_value", "conversation"],
  [{ input: "x", prompt: { id: "p" } }, 400, "unsupported_value", "prompt"],
  [{ input: "x", background: true, store: false }, 400, null, "store"],
  [{ input: "x", store: "yes" }, 400, null, "store"],
  [{ input: "x", stream: 1 }, 400, null, "stream"],
  [{ input: "x", previous_response_id: "resp_none" }, 400, "previous_response_not_found", "previous_response_id"],
  [{ input: "x", previous_response_id: "__proto__" }, 400, "previous_response_not_found", "previous_response_id"],
  [{ input: "x", max_output_tokens: 0 }, 400, null, "max_output_tokens"],
  [{ input: "x", temperature: "hot" }, 400, null, "temperature"],
  [{ input: "x", tools: [{ type: "web_search" }] }, 400, "unsupported_value", "tools[0].type"],
  [{ input: "x", tools: [tool, tool] }, 400, null, "tools[1].name"],
  [{ input: "x", tools: [tool] }, 400, "unsupported_value", "tools"],
  [{ input: "x", tool_choice: "required" }, 400, null, "tool_choice"],
  [{ input: "x", tools: [tool], tool_choice: { type: "function", name: "g" } }, 400, null, "tool_choice.name"],
  [{ input: "x", text: { format: { type: "xml" } } }, 400, "unsupported_value", "text.format.type"],
  [{ input: "x", text: { format: { type: "json_schema" } } }, 400, null, "text.format.schema"],
  [{ input: "x", text: { format: { type: "json_object" } } }, 400, "unsupported_value", "text.format"],
  [{ input: "x", metadata: { a: 7 } }, 400, null, "metadata"],
  [
    { input: "x", metadata: Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`${index}`, ""])) },
    400,
    null,
    "metadata",
  ],
])("%j is a refusal that names what is wrong", async (body, status, code, param) => {
  const model = scriptedProvider({ script: ["Hello"] });
  const { call } = asked([model]);
  const answer = await call("POST", "", { model: "scripted-model", ...body });
  expect([answer.status, ((await answer.json()) as { error: object }).error]).toMatchObject([
    status,
    { code, param, type: "invalid_request_error" },
  ]);
  expect(model.calls).toEqual([]);
});

it("addresses in a response's input lead to public hosts alone, and none is handed on", async () => {
  const seen: string[] = [];
  const server = createServer(({ url = "" }, answer) => {
    seen.push(url);
    answer.end();
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const model = scriptedProvider({
    models: [{ id: "scripted-model", capabilities: { images: true, files: true } }],
    script: ["Hello"],
  });
  const { call } = asked([model]);
  for (const part of [
    { type: "input_image", image_url: `http://127.0.0.1:${port}/image` },
    { type: "input_image", image_url: `http://[::ffff:127.0.0.1]:${port}/image` },
    { type: "input_file", file_url: `http://127.0.0.1:${port}/file`, filename: "a.txt" },
    { type: "input_image", image_url: "http://169.254.169.254/latest/meta-data" },
  ]) {
    const answer = await call("POST", "", { model: "scripted-model", input: [{ role: "user", content: [part] }] });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { param: "input" } });
  }
  expect(seen).toEqual([]);
  expect(model.calls).toEqual([]);
});

it("what is not known is ignored, and what nobody honours is told", async () => {
  const { call } = asked([scriptedProvider({ script: ["Hello"] })]);
  const answer = await call("POST", "", {
    model: "scripted-model",
    input: "Hi",
    include: ["reasoning.encrypted_content"],
    truncation: "auto",
    service_tier: "flex",
    something_new: { a: 1 },
    stream_options: { include_obfuscation: false },
  });
  expect(answer.status).toBe(200);
  expect(answer.headers.get("x-qwen-warnings")).toContain("truncation");
  expect(answer.headers.get("x-qwen-warnings")).toContain("service_tier");
});

it("half a call never passes for a whole response", async () => {
  const piece = { type: "tool-input-delta", toolCallId: "1", toolName: "f", text: '{"a":' } as const;
  const models = [{ id: "scripted-model", capabilities: { tools: true } }] as const;
  const finish = { type: "finish", reason: "stop" } as const;
  const { stream } = asked([scriptedProvider({ models, script: ["I look. ", piece, finish] })]);
  const types = (await stream({ input: "Hi", tools: [tool] })).map(({ type }) => type);
  expect(types.slice(-2)).toEqual(["response.failed", "error"]);
  expect(types).not.toContain("response.completed");
});
