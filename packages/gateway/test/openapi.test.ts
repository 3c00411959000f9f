import { Validator } from "@seriousme/openapi-schema-validator";
import { scriptedProvider } from "@qwen/testing";
import { describe, expect, it } from "vitest";

import { createKey } from "../src/index.ts";
import { question, servedBy } from "./served.ts";

interface Document {
  readonly security?: unknown;
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly security?: unknown }>>>>;
}

describe("/openapi.json", () => {
  it("is a document of OpenAPI 3.1, with an example of a model that answers", async () => {
    const { get, ask } = servedBy([scriptedProvider({ script: ["Hello"] })]);
    const document = (await (await get("/openapi.json")).json()) as Document;
    const { valid, errors } = await new Validator().validate(document);
    expect(errors ?? []).toEqual([]);
    expect(valid).toBe(true);
    const { examples } = (
      document.paths["/v1/chat/completions"]?.["post"] as unknown as {
        requestBody: { content: { "application/json": { examples: { whole: { value: object } } } } };
      }
    ).requestBody.content["application/json"];
    expect((await ask({ messages: question, ...examples.whole.value })).status).toBe(200);
  });

  it("says where a key is needed, and holds none", async () => {
    const { key, record } = await createKey();
    const { gateway } = servedBy([scriptedProvider({ script: ["Hello"] })], { keys: [record] });
    const request = new Request("http://localhost/openapi.json", { headers: { authorization: `Bearer ${key}` } });
    const text = await (await gateway.fetch(request)).text();
    for (const secret of [key, record.hash, record.id]) expect(text).not.toContain(secret);
    const document = JSON.parse(text) as Document;
    expect(document.security).toEqual([{ key: [] }]);
    expect(document.paths["/healthz"]?.["get"]?.security).toEqual([]);
  });
});
