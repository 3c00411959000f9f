import { createRouter } from "@qwen/core";
import type { Transport, TransportRequest } from "@qwen/core/http";
import { scriptedProvider } from "@qwen/testing";
import { afterEach, describe, expect, expectTypeOf, onTestFinished, test, vi } from "vitest";
import { dashscope, huggingFace, llamaCpp, lmStudio, ollama, openRouter, vllm } from "../src/index.ts";
import type { Make, Options } from "./preset.ts";
import { heard, QUESTION, startEndpoint, words } from "./scripted-endpoint.ts";

const HOSTED: readonly [string, Make, { readonly url: string; readonly variable: string }][] = [
  [
    "dashscope",
    dashscope,
    { url: "https://dashscope-intl.aliyuncs.com/compatible-mode/v1", variable: "DASHSCOPE_API_KEY" },
  ],
  ["hugging-face", huggingFace, { url: "https://router.huggingface.co/v1", variable: "HF_TOKEN" }],
  ["open-router", openRouter, { url: "https://openrouter.ai/api/v1", variable: "OPENROUTER_API_KEY" }],
];

const LOCAL: readonly [string, Make, { readonly url: string }][] = [
  ["ollama", ollama, { url: "http://127.0.0.1:11434/v1" }],
  ["llama-cpp", llamaCpp, { url: "http://127.0.0.1:8080/v1" }],
  ["vllm", vllm, { url: "http://127.0.0.1:8000/v1" }],
  ["lm-studio", lmStudio, { url: "http://127.0.0.1:1234/v1" }],
];

const PRESETS = [...HOSTED, ...LOCAL];
const models = ["model-a"] as const;

/** A network in which nobody can be reached, and that remembers who was asked for. */
function nowhere() {
  const requests: TransportRequest[] = [];
  const transport: Transport = {
    request: (request) => {
      requests.push(request);
      return Promise.reject(new Error("There is no network."));
    },
    close: () => Promise.resolve(),
  };
  return { transport, requests };
}

afterEach(() => {
  vi.unstubAllEnvs();
});

describe.each(PRESETS)("%s()", (id, make, { url }) => {
  test("asks where its vendor or server is, by the name of its own", async () => {
    const { transport, requests } = nowhere();
    const provider = make({ models, transport, apiKey: "k-0123456789" });
    expect(provider.id).toBe(id);
    expect(provider.models.map((model) => model.id)).toEqual(models);
    await heard(provider.stream({ messages: QUESTION }));
    expect(String(requests[0]?.url)).toBe(`${url}/chat/completions`);
    expect(requests[0]?.headers["authorization"]).toBe("Bearer k-0123456789");
    await provider.listModels().catch(() => undefined);
    expect(String(requests[1]?.url)).toBe(`${url}/models`);
  });

  test("takes all that an endpoint can be given over what it knows", async () => {
    const { url: baseURL, requests } = await startEndpoint(words("Hello"));
    const provider = make({
      id: "mine",
      baseURL,
      models: ["b"],
      apiKey: "k-0123456789",
      headers: { "x-team": "a" },
      extraBody: { user: "ada" },
      capabilities: { prefill: false },
      timeouts: { idleMs: 1000 },
      proxy: false,
      strictModel: false,
    });
    onTestFinished(() => provider.close());
    expect(provider.id).toBe("mine");
    expect(provider.models).toMatchObject([{ id: "b", capabilities: { prefill: false, tools: true, json: true } }]);
    expect((await heard(provider.stream({ messages: QUESTION }))).text).toBe("Hello");
    expect(requests[0]?.body).toMatchObject({ model: "b", user: "ada" });
    expect(requests[0]?.headers).toMatchObject({ authorization: "Bearer k-0123456789", "x-team": "a" });
  });

  test("refuses what is no option when it is made, naming it and what it must be", () => {
    const wrong: readonly [unknown, RegExp][] = [
      [{ models, regoin: "us" }, /"regoin"/],
      [{ models, baseUrl: url }, /Did you mean "baseURL"/],
      [{ models, baseURL: "api.example.com" }, /an http or https URL/],
      [{ models, baseURL: 7 }, /an http or https URL/],
      [{ models, baseURL: { toString: () => url } }, /an http or https URL/],
      [{ models, baseURL: "https://user:hunter22@example.com/v1" }, /without a user and password/],
      [{ models, apiKey: 7 }, /`options\.apiKey`/],
      [{ models, id: "a/b" }, /without "\/"/],
      [{ models: [] }, /at least one model/],
      [{ models: ["a", "a"] }, /"a" twice/],
      [{ models, timeouts: { idleMs: "1s" } }, /idleMs/],
      [null, /an object of options/],
      ["model-a", /an object of options/],
      [Promise.resolve({ models }), /an object of options/],
    ];
    for (const [options, says] of wrong) {
      expect(() => make(options as Options), String(says)).toThrow(TypeError);
      expect(() => make(options as Options)).toThrow(says);
      expect(() => make(options as Options)).not.toThrow(/hunter22/);
    }
  });

  test("takes an option that is undefined for one that is not set", () => {
    const unset = { id: undefined, baseURL: undefined, apiKey: undefined, headers: undefined, timeouts: undefined };
    expect(make({ models, ...unset }).id).toBe(id);
  });
});

describe.each(HOSTED)("%s() has a key", (_, make, { url, variable }) => {
  test("of its variable, which goes to the vendor's own host over TLS and nowhere else", async () => {
    vi.stubEnv(variable, "from-the-environment");
    const { transport, requests } = nowhere();
    const { host } = new URL(url);
    for (const baseURL of [
      undefined,
      `https://${host}/other`,
      `http://${host}/v1`,
      `https://${host}.example.com/v1`,
      `https://example.com/${host}`,
      "http://127.0.0.1:9/v1",
    ])
      await heard(make({ models, transport, baseURL }).stream({ messages: QUESTION }));
    expect(requests.map(({ headers }) => headers["authorization"])).toEqual([
      "Bearer from-the-environment",
      "Bearer from-the-environment",
      ...Array.from({ length: 4 }, () => undefined),
    ]);
  });

  test("or says which is missing before anything is sent, which moves on in a route and opens no breaker", async () => {
    const { transport, requests } = nowhere();
    const provider = make({ models, transport });
    for (const none of ["hunter22\nhunter23", "hünter22", " ", ""]) {
      vi.stubEnv(variable, none);
      const { error, parts } = await heard(provider.stream({ messages: QUESTION }));
      expect(error, none).toMatchObject({ code: "authentication", message: expect.stringContaining(variable) });
      expect(String(error)).not.toMatch(/h.nter2/);
      expect(parts).toEqual([]);
    }
    await expect(provider.listModels()).rejects.toMatchObject({ code: "authentication" });

    const spare = scriptedProvider({ id: "spare", models: [{ id: "spare-1" }], script: ["Hello"] });
    await using router = createRouter({
      plugins: [provider, spare],
      routes: { best: ["model-a", "spare-1"] },
      retry: { baseDelayMs: 1 },
    });
    for (let call = 0; call < 8; call++) {
      const answer = await router.complete({ model: "best", messages: QUESTION });
      expect(answer.text).toBe("Hello");
      expect(answer.attempts.map(({ provider: asked }) => asked)).toEqual([provider.id, "spare"]);
    }
    expect(router.health().map(({ breaker }) => breaker)).toEqual(["closed", "closed"]);
    expect(requests).toEqual([]);
  });
});

describe("dashscope()", () => {
  test.each([
    ["international", "dashscope-intl.aliyuncs.com"],
    ["mainland", "dashscope.aliyuncs.com"],
    ["us", "dashscope-us.aliyuncs.com"],
    ["hong-kong", "cn-hongkong.dashscope.aliyuncs.com"],
  ] as const)("asks in the region %s", async (region, host) => {
    vi.stubEnv("DASHSCOPE_API_KEY", "from-the-environment");
    const { transport, requests } = nowhere();
    await heard(dashscope({ region, transport }).stream({ messages: QUESTION }));
    expect(String(requests[0]?.url)).toBe(`https://${host}/compatible-mode/v1/chat/completions`);
    expect(requests[0]?.headers["authorization"]).toBe("Bearer from-the-environment");
  });

  test("asks in a workspace of one's own with the key of the environment, but not in what only sounds like it", async () => {
    vi.stubEnv("DASHSCOPE_API_KEY", "from-the-environment");
    const { transport, requests } = nowhere();
    for (const host of [
      "ws-1a2b.ap-southeast-1.maas.aliyuncs.com",
      "maas.aliyuncs.com.example.com",
      "mine.oss-cn-beijing.aliyuncs.com",
    ])
      await heard(
        dashscope({ baseURL: `https://${host}/compatible-mode/v1`, transport }).stream({ messages: QUESTION }),
      );
    expect(requests.map(({ headers }) => headers["authorization"])).toEqual([
      "Bearer from-the-environment",
      undefined,
      undefined,
    ]);
  });

  test("take what is undefined for not set, and refuse limits and capabilities that are none", async () => {
    const provider = llamaCpp({ timeouts: { headersMs: undefined, idleMs: 5 }, capabilities: { prefill: undefined } });
    expect(provider.timeouts).toEqual({ headersMs: 120_000, firstOutputMs: 120_000, idleMs: 5 });
    expect(provider.models[0].capabilities).toMatchObject({ prefill: true, tools: true });
    await provider.close();
    for (const wrong of [{ timeouts: null }, { timeouts: 5 }, { capabilities: null }, { capabilities: "images" }])
      expect(() => llamaCpp(wrong as never), JSON.stringify(wrong)).toThrow(TypeError);
  });

  test("says which option throws when it is looked at", () => {
    const careless = {
      get region(): "us" {
        throw new Error("hunter22");
      },
    };
    expect(() => dashscope(careless)).toThrow(/`options\.region` cannot be read/);
    const { proxy, revoke } = Proxy.revocable(new URL("https://example.com"), {});
    revoke();
    expect(() => dashscope({ baseURL: proxy })).toThrow(/`options\.baseURL` cannot be read/);
    const capabilities = {
      get tools(): true {
        throw new Error("hunter22");
      },
    };
    expect(() => dashscope({ capabilities })).toThrow(/`options\.capabilities` cannot be read/);
    const careful = { models: [{ id: "a", capabilities }] };
    expect(() => dashscope(careful)).toThrow(/`options\.models\[0\]\.capabilities` cannot be read/);
  });

  test.each<[unknown]>([["mars"], [7], ["__proto__"], [null], [Object.create(null)]])(
    "knows no region %j",
    (region) => {
      expect(() => dashscope({ region: region as never })).toThrow(TypeError);
      expect(() => dashscope({ region: region as never })).toThrow(/`options\.region`.*"international"/);
    },
  );

  test("is typed by Qwen's names, or by those that it is given", () => {
    const all = dashscope();
    expect(all.models.map(({ id }) => id)).toContain("qwen-plus");
    expectTypeOf(all.id).toEqualTypeOf<"dashscope">();
    expectTypeOf<"qwen-max">().toExtend<(typeof all.models)[number]["id"]>();
    const one = dashscope({ id: "mine", models: [{ id: "qwen3-max", aliases: ["best"] }, "qwen-flash"] });
    expectTypeOf(one.id).toEqualTypeOf<"mine">();
    expectTypeOf<(typeof one.models)[number]["id"]>().toEqualTypeOf<"qwen3-max" | "qwen-flash">();
    const router = createRouter({ plugins: [one] });
    expect(router.has("best")).toBe(true);
    // @ts-expect-error -- nobody has it
    void ((): unknown => router.stream({ model: "qwen-plus", messages: [] }));
  });
});
