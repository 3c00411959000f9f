import { Client } from "@gradio/client";
import { describe, expect, test } from "vitest";

import { createSpaceEmulator, type GradioVersion, type SpaceShape } from "../../src/index.ts";

const VERSIONS: readonly GradioVersion[] = ["4.44.1", "5.50.0", "6.31.0"];
const ENDPOINTS: readonly (readonly [SpaceShape, string, readonly unknown[]])[] = [
  ["max", "/model_chat", ["Hi", [], "sys"]],
  ["72b", "/model_chat", ["Hi", [], "sys"]],
  ["qvq", "/generate", [null, "Hi"]],
  ["chat", "/chat", ["Hi"]],
];

describe.each(VERSIONS)("@gradio/client against the emulator of Gradio %s", (version) => {
  test.each(ENDPOINTS)("streams and predicts on %s", async (shape, endpoint, data) => {
    await using space = await createSpaceEmulator({ shape, version, answer: ["Hello", " there", ", you"] });
    const client = await Client.connect(space.url, { events: ["data", "status"] });
    const texts: string[] = [];
    const stages: string[] = [];
    for await (const event of client.submit(endpoint, [...data])) {
      if (event.type === "data") texts.push(JSON.stringify(event.data));
      if (event.type === "status") stages.push(event.stage);
      if (event.type === "status" && (event.stage === "complete" || event.stage === "error")) break;
    }
    expect(stages.at(-1)).toBe("complete");
    expect(texts[0]).toContain("Hello");
    expect(texts.at(-1)).toContain("Hello there, you");

    const { data: whole } = await client.predict(endpoint, [...data]);
    expect(JSON.stringify(whole)).toContain("Hello there, you");
    client.close();
  });

  test("logs in, uploads, reads the API, and tells an error", async () => {
    await using space = await createSpaceEmulator({ shape: "qvq", version, auth: { user: "secret" } });
    const client = await Client.connect(space.url, { auth: ["user", "secret"], events: ["data", "status"] });
    expect(Object.keys((await client.view_api()).named_endpoints)).toContain("/generate");
    const { data } = await client.predict("/generate", [new Blob([new Uint8Array([1, 2, 3])]), "script:system"]);
    expect(data).toEqual(['"The user shows you a picture."']);
    await expect(client.predict("/generate", [null, "script:error"])).rejects.toMatchObject({
      message: expect.stringContaining("The model gave up…"),
    });
    client.close();
  });
});
