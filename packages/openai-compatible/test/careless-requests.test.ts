import { createRouter } from "@qwen/core";
import { describe, expect, test } from "vitest";
import { providerOf, QUESTION, words } from "./scripted-endpoint.ts";

class Gone extends Blob {
  override arrayBuffer(): Promise<ArrayBuffer> {
    return Promise.reject(new Error("The file has changed."));
  }
}

function showing(image: Blob) {
  return [{ role: "user", content: [{ type: "image", image }] }] as const;
}

describe("a Blob that cannot be read", () => {
  test("is the caller's mistake: nothing is sent, nobody else is asked, and it counts for no provider", async () => {
    const { provider, requests } = await providerOf(words("Hello"), { capabilities: { images: true } });
    const router = createRouter({ plugins: [provider], breaker: { minimumCalls: 1 } });
    const asked = { model: "model-a", messages: showing(new Gone(["x"])) };
    const error = await router.complete(asked).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "invalid_request", cause: { message: "The file has changed." } });
    expect(requests).toHaveLength(0);
    expect((await router.complete({ model: "model-a", messages: QUESTION })).text).toBe("Hello");
    await router.close();
  });
});

describe("options of a request for one provider", () => {
  test.each([
    ["that write themselves", { toJSON: () => ({ messages: [] }) }],
    ["in a Map", new Map([["seed", 1]])],
    ["that are to come", Promise.resolve({ seed: 1 })],
  ])("%s are refused: nothing of them would be read", async (_, endpoint) => {
    const { ask, requests } = await providerOf(words("Hello"));
    expect((await ask({ providerOptions: { endpoint } })).error).toMatchObject({ code: "invalid_request" });
    expect(requests).toHaveLength(0);
  });
});
