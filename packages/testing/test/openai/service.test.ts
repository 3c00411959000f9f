import { afterAll, describe, test } from "vitest";

import { chatCompletions } from "../../../core/test/http/chat-completions.ts";
import { createOpenAIEmulator, serviceOf, testProvider } from "../../src/index.ts";

const server = await createOpenAIEmulator({ models: { "chat-1": undefined } });
afterAll(() => server.close());

describe("an emulator is a service that a provider can be held to", () => {
  testProvider(() => chatCompletions({ url: new URL("/", server.url), key: "key" }), {
    test,
    service: serviceOf(server),
  });
});
