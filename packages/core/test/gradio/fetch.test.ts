import { expect, it } from "vitest";
import { createTransport } from "../../src/http/fetch-transport.ts";
import { ask, chatProvider, shownText } from "../servers/chat-provider.ts";
import { completed, generating, says, startTestSpace } from "../servers/test-space.ts";
import { collect, rejection, until } from "../servers/waiting.ts";

// What browsers and edge runtimes use in place of undici.
it("a provider works over the platform's fetch too: whole, in two requests, then /config", async () => {
  await using space = await startTestSpace({
    data: says(generating(["日本"]), generating([[["append", [], " 🙂"]]]), completed(["日本 🙂"])),
  });
  const provider = chatProvider({ space: space.origin, transport: createTransport() });
  const parts = await collect(ask(provider));
  expect(shownText(parts)).toBe("日本 🙂");
  expect(space.log).toEqual(["join", "data", "config"]);
});

it("a provider over fetch stops its job when the caller leaves", async () => {
  await using space = await startTestSpace({ data: ({ events }) => events().send(generating(["a"])) });
  const provider = chatProvider({ space: space.origin, transport: createTransport() });
  const controller = new AbortController();
  const iterator = ask(provider, { signal: controller.signal })[Symbol.asyncIterator]();
  await iterator.next();
  await until(() => space.log.includes("config"));
  const failure = rejection(iterator.next());
  controller.abort(new Error("mine"));
  expect(await failure).toEqual(new Error("mine"));
  await provider.close?.();
  await until(() => space.log.includes("close data"));
});

it("a provider over fetch throws what the server said, with its status and how long to wait", async () => {
  await using space = await startTestSpace({ join: ({ reply }) => reply(429, "slow", { "retry-after": "7" }) });
  const provider = chatProvider({ space: space.origin, transport: createTransport() });
  expect(await rejection(collect(ask(provider)))).toMatchObject({
    code: "rate_limited",
    status: 429,
    retryAfterMs: 7000,
  });
});
