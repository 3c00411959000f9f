import { Validator } from "@seriousme/openapi-schema-validator";
import { scriptedProvider } from "@qwen/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";

import { createKey } from "../src/index.ts";
import { servedBy } from "./served.ts";

const json = z.object({
  "application/json": z.looseObject({ examples: z.record(z.string(), z.object({ value: z.looseObject({}) })) }),
});
const described = z.looseObject({
  paths: z.looseObject({
    "/v1/chat/completions": z.object({ post: z.looseObject({ requestBody: z.looseObject({ content: json }) }) }),
    "/healthz": z.object({ get: z.looseObject({ security: z.array(z.unknown()) }) }),
  }),
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
