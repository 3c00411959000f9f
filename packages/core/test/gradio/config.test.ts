import { describe, expect, it } from "vitest";
import { parseJson } from "../../src/gradio/json.ts";
import { endpointNames, endpointsInWords, findEndpoint } from "../../src/gradio/config.ts";
import { parseConfig } from "../../src/gradio/config-reader.ts";
import { checkConfig } from "../../src/gradio/config-schema.ts";
import { configOf } from "../servers/test-space.ts";

const read = (body: string) => parseConfig(parseJson(body), { host: "host.test", check: checkConfig });
const parse = (config: unknown) => read(JSON.stringify(config));

describe("the config of a Space", () => {
  it("tells version, prefix and endpoints", () => {
    const config = parse(configOf({ endpoints: ["chat", false, "/slashed"], version: "6.31.0" }));
    expect(config).toEqual({
      version: "6.31.0",
      apiPrefix: "/gradio_api",
      endpoints: [
        { name: "/chat", fnIndex: 0, queue: true },
        { name: undefined, fnIndex: 1, queue: true },
        { name: "/slashed", fnIndex: 2, queue: true },
      ],
    });
    expect(endpointNames(config)).toEqual(["/chat", "/slashed"]);
  });

  it("has no prefix before Gradio 5", () => {
    const { api_prefix: _, ...config } = configOf({ version: "4.44.1" });
    expect(parse(config).apiPrefix).toBe("");
  });

  it("takes the id of a dependency as its fn_index, and its place where there is none", () => {
    const config = parse(
      configOf({ dependencies: [{ api_name: "a" }, { id: 7, api_name: "b" }, { id: null, api_name: null }] }),
    );
    expect(config.endpoints.map(({ fnIndex }) => fnIndex)).toEqual([0, 7, 2]);
  });

  it("knows which endpoints do not use the queue: only `queue: false` says so", () => {
    const config = parse(configOf({ dependencies: [{ queue: false }, { queue: null }, {}, { queue: true }] }));
    expect(config.endpoints.map(({ queue }) => queue)).toEqual([false, true, true, true]);
  });

  it("finds an endpoint by name, with or without a slash, and by fn_index", () => {
    const config = parse(configOf({ endpoints: ["chat", "other"] }));
    for (const which of ["other", "/other", 1]) expect(findEndpoint(config, which)?.fnIndex).toBe(1);
    for (const which of ["OTHER", "//other", "", 2, -1, "1"]) expect(findEndpoint(config, which)).toBeUndefined();
  });

  it("finds an endpoint whose name has slashes, and names like those of an object's own", () => {
    const names = ["v1/chat", "/v1/chat/", "a/../b", "constructor", "__proto__"];
    const config = parse(configOf({ endpoints: names }));
    for (const [index, name] of names.entries()) expect(findEndpoint(config, name)?.fnIndex).toBe(index);
    expect(findEndpoint(config, "chat")).toBeUndefined();
    expect(findEndpoint(config, "toString")).toBeUndefined();
  });

  it("tells its endpoints in few words, without what would reach a terminal as commands", () => {
    const endpoints = ["\u001B[31mred", "x".repeat(1000), ...Array.from({ length: 100 }, (_, index) => `f${index}`)];
    const words = endpointsInWords(parse(configOf({ endpoints })));
    expect(words).toMatch(/^\/\uFFFD\[31mred, \/x{79}, \/f0, .*, \/f17 and 82 more$/);
    expect(endpointsInWords(parse(configOf({ endpoints: [false] })))).toBe("none with a name");
  });

  it.each(["sse", "sse_v1", "sse_v2", "sse_v2.1", "sse_v3", "sse_v9"])("is understood for protocol %s", (protocol) => {
    expect(parse(configOf({ protocol })).endpoints).toHaveLength(1);
  });
});

describe("what is refused", () => {
  it.each([
    ["the WebSocket protocol of 3.x", configOf({ protocol: "ws", version: "3.50.2" })],
    ["a config of 3.x that names no protocol", configOf({ protocol: undefined, version: "3.50.2" })],
    ["a config of 3.x whose protocol is null", configOf({ protocol: null, version: "3.50.2" })],
  ])("%s, saying which version is needed", (_, config) => {
    expect(() => parse(config)).toThrow(expect.objectContaining({ code: "protocol" }));
    expect(() => parse(config)).toThrow(/3\.50\.2.*Gradio 4 or later/);
  });

  it.each(["", "{", "<html></html>", "null", "[]", "{}", '{"dependencies":1}', '{"detail":"Not Found"}'])(
    "what is no Gradio config: %j",
    (body) => expect(() => read(body)).toThrow(expect.objectContaining({ code: "protocol" })),
  );
});
