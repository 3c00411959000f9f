import { Validator } from "@seriousme/openapi-schema-validator";
import { scriptedProvider } from "@qwen/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";

import { createKey } from "../src/index.ts";
import { asked } from "./responses/asked.ts";
import { question, servedBy } from "./served.ts";

const json = z.object({
  "application/json": z.looseObject({ examples: z.record(z.string(), z.object({ value: z.looseObject({}) })) }),
});
const described = z.looseObject({
  paths: z.looseObject({
    "/v1/chat/completions": z.object({ post: z.looseObject({ requestBody: z.looseObject({ content: json }) }) }),
    "/healthz": z.object({ get: z.looseObject({ security: z.array(z.unknown()) }) }),
  }),
});

const operation = z
  .looseObject({
    parameters: z.array(z.looseObject({ name: z.string() })).default([]),
    responses: z.record(z.string(), z.looseObject({ content: z.record(z.string(), z.unknown()).default({}) })),
  })
  .optional();
const operations = z.looseObject({
  paths: z.record(z.string(), z.looseObject({ get: operation, post: operation, delete: operation })),
});

describe("/openapi.json", () => {
  it("is a document of OpenAPI 3.1, with examples of a model that answers", async () => {
    const { get, ask } = servedBy([scriptedProvider({ script: ["Hello"] })]);
    const text = await (await get("/openapi.json")).text();
    const { valid, errors } = await new Validator().validate(z.record(z.string(), z.unknown()).parse(JSON.parse(text)));
    expect(errors ?? []).toEqual([]);
    expect(valid).toBe(true);
    const { content } = described.parse(JSON.parse(text)).paths["/v1/chat/completions"].post.requestBody;
    for (const { value } of Object.values(content["application/json"].examples))
      expect((await ask(value)).status).toBe(200);
  });

  it.each<[string, string, string, object?]>([
    ["POST", "/v1/chat/completions", "", { model: "scripted-model", messages: question }],
    ["POST", "/v1/chat/completions", "", { model: "scripted-model", messages: question, stream: true }],
    ["POST", "/v1/chat/completions", "", { model: "none", messages: question }],
    ["POST", "/v1/chat/completions", "", {}],
    ["POST", "/v1/responses", "", { model: "scripted-model", input: "Hi", background: true }],
    ["POST", "/v1/responses", "", { model: "scripted-model", input: "Hi", stream: true }],
    ["POST", "/v1/responses", "", { model: "scripted-model", input: [{ type: "item_reference", id: "x" }] }],
    ["GET", "/v1/responses/{id}", "?stream=false"],
    ["GET", "/v1/responses/{id}", "?stream=true&starting_after=0"],
    ["GET", "/v1/responses/{id}", "?stream=true&starting_after=x"],
    ["POST", "/v1/responses/{id}/cancel", ""],
    ["GET", "/v1/responses/{id}/input_items", "?limit=1&order=asc&after=x"],
    ["GET", "/v1/responses/{id}/input_items", "?limit=0"],
    ["DELETE", "/v1/responses/{id}", ""],
    ["GET", "/v1/models", ""],
    ["GET", "/v1/models/{id}", ""],
    ["GET", "/v1/health", ""],
    ["GET", "/metrics", ""],
    ["GET", "/healthz", ""],
    ["GET", "/readyz", ""],
    ["GET", "/openapi.json", ""],
  ])("describes what %s %s%s asks for and is answered with", async (method, path, search, body) => {
    const { get, gateway, create } = asked([scriptedProvider({ script: ["Hello"] })]);
    const { id } = await create({ input: "Hi", background: true });
    const routes = operations.parse(await (await get("/openapi.json")).json()).paths[path];
    const { parameters, responses } = routes?.[method.toLowerCase() as "get" | "post" | "delete"] ?? {};
    for (const [name] of new URLSearchParams(search)) expect(parameters?.map((one) => one.name)).toContain(name);
    const url = `http://localhost${path.replace("{id}", path.startsWith("/v1/models") ? "scripted-model" : id)}${search}`;
    const headers = { "content-type": "application/json" };
    const sent = body === undefined ? { method } : { method, headers, body: JSON.stringify(body) };
    const answer = await gateway.fetch(new Request(url, sent));
    await answer.text();
    const type = answer.headers.get("content-type")?.split(";", 1)[0] ?? "";
    expect(Object.keys(responses?.[answer.status]?.content ?? {})).toContain(type);
  });

  it("names a model that its caller may ask for", async () => {
    const { key, record } = await createKey({ models: ["open"] });
    const models = [
      { id: "hidden", name: "hidden" },
      { id: "open", name: "open" },
    ] as const;
    const { gateway } = servedBy([scriptedProvider({ models, script: ["Hello"] })], { keys: [record] });
    const headers = { authorization: `Bearer ${key}` };
    const text = await (await gateway.fetch(new Request("http://localhost/openapi.json", { headers }))).text();
    expect(text).toContain('"open"');
    expect(text).not.toContain("hidden");
  });

  it("describes that what is open takes GET alone", async () => {
    const { gateway, get } = servedBy([scriptedProvider({ script: ["Hello"] })]);
    const { paths } = operations.parse(await (await get("/openapi.json")).json());
    for (const path of ["/healthz", "/readyz"]) {
      const { status } = await gateway.fetch(new Request(`http://localhost${path}`, { method: "POST" }));
      expect([status, Object.hasOwn(paths[path]?.get?.responses ?? {}, status)]).toEqual([405, true]);
    }
  });

  it("says where a key is needed, and holds none", async () => {
    const { key, record } = await createKey();
    const { gateway } = servedBy([scriptedProvider({ script: ["Hello"] })], { keys: [record] });
    const request = new Request("http://localhost/openapi.json", { headers: { authorization: `Bearer ${key}` } });
    const text = await (await gateway.fetch(request)).text();
    for (const secret of [key, record.hash, record.id]) expect(text).not.toContain(secret);
    const document = described.parse(JSON.parse(text));
    expect(document["security"]).toEqual([{ key: [] }]);
    expect(document.paths["/healthz"].get.security).toEqual([]);
  });
});
