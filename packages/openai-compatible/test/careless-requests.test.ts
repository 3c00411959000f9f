import { createRouter } from "@qwen/core";
import { describe, expect, test } from "vitest";
import { heard, providerOf, QUESTION, words } from "./scripted-endpoint.ts";

const NEVER = new Promise<never>(() => undefined);

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

describe("a Blob that is never there", () => {
  class Silent extends Blob {
    override arrayBuffer(): Promise<ArrayBuffer> {
      return NEVER;
    }
  }

  test("ends by the limit of the first output, with nothing sent, and counts for no provider", async () => {
    const { provider, requests } = await providerOf(words("Hello"), {
      capabilities: { images: true },
      timeouts: { firstOutputMs: 30 },
    });
    await using router = createRouter({ plugins: [provider], breaker: { minimumCalls: 1 } });
    const error = await router
      .complete({ model: "model-a", messages: showing(new Silent(["x"])) })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "timeout", phase: "first-output", limitMs: 30, sent: false });
    expect(requests).toHaveLength(0);
    expect(router.health()).toMatchObject([{ breaker: "closed" }]);
  });

  test("is given up by an abort at once, and waits with its reader", async () => {
    const { provider, requests } = await providerOf(words("Hello"), {
      capabilities: { images: true },
      timeouts: { firstOutputMs: 60_000 },
    });
    const abort = new AbortController();
    const asked = heard(provider.stream({ messages: showing(new Silent(["x"])), signal: abort.signal }));
    const reason = new Error("Enough.");
    setTimeout(() => abort.abort(reason), 5);
    expect((await asked).error).toBe(reason);
    expect(requests).toHaveLength(0);
  });

  test("comes too late for a call that is over: nothing is sent", async () => {
    const late = Promise.withResolvers<ArrayBuffer>();
    class Late extends Blob {
      override arrayBuffer(): Promise<ArrayBuffer> {
        return late.promise;
      }
    }
    const { ask, requests } = await providerOf(words("Hello"), {
      capabilities: { images: true },
      timeouts: { firstOutputMs: 20 },
    });
    const { error } = await ask({ messages: showing(new Late(["x"])) });
    expect(error).toMatchObject({ code: "timeout" });
    late.resolve(new ArrayBuffer(1));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(requests).toHaveLength(0);
  });
});

test.each([["a text"], [5], [undefined], [{}]])("a Blob whose bytes are %j is none", async (bytes) => {
  class Lying extends Blob {
    override arrayBuffer(): Promise<ArrayBuffer> {
      return Promise.resolve(bytes as unknown as ArrayBuffer);
    }
  }
  const { ask, requests } = await providerOf(words("Hello"), { capabilities: { images: true } });
  expect((await ask({ messages: showing(new Lying(["x"])) })).error).toMatchObject({ code: "invalid_request" });
  expect(requests).toHaveLength(0);
});

describe("options of a request for one provider", () => {
  test.each([
    ["that write themselves", { toJSON: () => ({ messages: [] }) }],
    ["in a Map", new Map([["seed", 1]])],
    ["that are to come", Promise.resolve({ seed: 1 })],
    ["with a function", { stop: () => "x" }],
    ["with a number that is none", { seed: Number.NaN }],
    ["with a Map further in", { logit_bias: new Map([["a", 1]]) }],
    ["with a promise further in", { metadata: { id: Promise.resolve("x") } }],
  ])("%s are refused: nothing of them would be read", async (_, endpoint) => {
    const { ask, requests } = await providerOf(words("Hello"));
    expect((await ask({ providerOptions: { endpoint } })).error).toMatchObject({ code: "invalid_request" });
    expect(requests).toHaveLength(0);
  });
});

describe("half an emoji goes out as what every server can read", () => {
  const half = "a\ud83d b";
  const halves = /\\ud83d|\ud83d/;

  test("wherever it stands", async () => {
    let sent = "";
    const { ask } = await providerOf(
      (response, { body }) => {
        sent = JSON.stringify(body);
        words("Hello")(response, { body } as never);
      },
      { capabilities: { tools: true, json: true }, extraBody: { user: half, [half]: 1 } },
    );
    const schema = { type: "object", properties: { [half]: { title: half } } };
    const { error } = await ask({
      messages: [{ role: "user", content: half }],
      settings: {
        tools: [{ name: "look_up", description: half, inputSchema: schema }],
        responseFormat: { type: "json", schema },
      },
    });
    expect(error).toBeUndefined();
    expect(sent).not.toMatch(halves);
    expect(sent.match(/a\ufffd b/g)).toHaveLength(8);
  });

  test("and whole ones, and what only looks like a half, as they are", async () => {
    const { ask, requests } = await providerOf(words("Hello"), {
      extraBody: { user: "\u{1F600} \\ud83d \\\\ud83d " + half },
    });
    await ask();
    expect(requests[0]?.body["user"]).toBe("\u{1F600} \\ud83d \\\\ud83d a\ufffd b");
  });
});

describe("attachments of another make", () => {
  test.each([
    [
      "sound that is written out",
      { file: "data:audio/wav,abc%20d", mediaType: "audio/wav" },
      {
        type: "input_audio",
        input_audio: { data: btoa("abc d"), format: "wav" },
      },
    ],
    [
      "an image of any kind",
      { file: Uint8Array.from([0x89, 0x50, 0x4e, 0x47]), mediaType: "image/*" },
      {
        type: "image_url",
        image_url: { url: "data:image/png;base64,iVBORw==" },
      },
    ],
  ])("%s goes out as what it is", async (_, file, part) => {
    const { ask, requests } = await providerOf(words("Hello"), { capabilities: { files: true } });
    await ask({ messages: [{ role: "user", content: [{ type: "file", ...file }] }] });
    expect(requests[0]?.body.messages).toEqual([{ role: "user", content: [part] }]);
  });
});
