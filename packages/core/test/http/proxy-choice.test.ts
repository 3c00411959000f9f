import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { readProxies } from "../../src/http/proxy.ts";

const NAMES = ["http_proxy", "https_proxy", "all_proxy", "no_proxy"];

beforeEach(() => {
  for (const name of NAMES) for (const one of [name, name.toUpperCase()]) vi.stubEnv(one, undefined);
});
afterEach(() => vi.unstubAllEnvs());

/** The proxy that a URL is asked through, in short. */
function chosen(url: string, option?: string | false): string | undefined {
  const proxy = readProxies(option)(new URL(url));
  return proxy === undefined ? undefined : `${proxy.protocol}//${proxy.host}`;
}

describe("the variables of the environment", () => {
  it.each([
    ["http_proxy", "127.0.0.1:3128", "http://127.0.0.1:3128"],
    ["http_proxy", "localhost:3128", "http://localhost:3128"],
    ["HTTP_PROXY", "proxy.corp", "http://proxy.corp:80"],
    ["HTTP_PROXY", " http://proxy.corp:3128/ ", "http://proxy.corp:3128"],
    ["http_proxy", "https://proxy.corp", "https://proxy.corp:443"],
    ["ALL_PROXY", "socks5h://127.0.0.1", "socks5://127.0.0.1:1080"],
    ["all_proxy", "socks5://[::1]:1081", "socks5://[::1]:1081"],
    ["all_proxy", "socks://proxy.corp:1080", "socks5://proxy.corp:1080"],
  ])("%s=%s is %s", (name, value, expected) => {
    vi.stubEnv(name, value);
    expect(chosen("http://space.test/")).toBe(expected);
  });

  it("are asked for by the URL's scheme, the general one last", () => {
    vi.stubEnv("ALL_PROXY", "all:1");
    expect([chosen("http://a.test"), chosen("https://a.test")]).toEqual(["http://all:1", "http://all:1"]);
    vi.stubEnv("HTTP_PROXY", "plain:1");
    expect([chosen("http://a.test"), chosen("https://a.test")]).toEqual(["http://plain:1", "http://all:1"]);
    vi.stubEnv("HTTPS_PROXY", "secure:1");
    expect(chosen("https://a.test")).toBe("http://secure:1");
    vi.stubEnv("https_proxy", "small:1");
    expect(chosen("https://a.test")).toBe("http://small:1");
  });

  it("are not set when they are empty", () => {
    vi.stubEnv("http_proxy", "");
    vi.stubEnv("HTTP_PROXY", " ");
    expect(chosen("http://a.test")).toBeUndefined();
    vi.stubEnv("HTTP_PROXY", "proxy:1");
    vi.stubEnv("no_proxy", "");
    vi.stubEnv("NO_PROXY", "a.test");
    expect(chosen("http://a.test")).toBeUndefined();
  });

  it("count for nothing beside the option", () => {
    vi.stubEnv("HTTP_PROXY", "not a url");
    vi.stubEnv("NO_PROXY", "*");
    expect(chosen("http://a.test", false)).toBeUndefined();
    expect(chosen("http://a.test", "mine:3128")).toBe("http://mine:3128");
  });

  it.each([
    ["example.com", "http://example.com/", true],
    ["example.com", "http://sub.example.com/", true],
    ["example.com", "http://notexample.com/", false],
    [".example.com", "http://sub.example.com/", true],
    [".example.com", "http://example.com/", true],
    ["*.example.com", "http://sub.example.com/", true],
    ["*.example.com", "http://example.com/", false],
    ["EXAMPLE.com.", "http://example.COM./", true],
    ["other.test, example.com", "http://example.com/", true],
    ["other.test example.com", "http://example.com/", true],
    ["*", "http://example.com/", true],
    ["example.com:8080", "http://example.com:8080/", true],
    ["example.com:8080", "http://example.com/", false],
    ["example.com:443", "https://example.com/", true],
    ["10.0.0.0/8", "http://10.200.3.4/", true],
    ["10.0.0.0/8", "http://11.0.0.1/", false],
    ["10.0.0.0/8", "http://10.example.com/", false],
    ["192.168.7.0/24,10.0.0.0/8", "http://192.168.7.255/", true],
    ["fd00::/8", "http://[fd12:3456::1]/", true],
    ["fd00::/8", "http://[2001:db8::1]/", false],
    ["::1", "http://[::1]/", true],
    ["[::1]:7860", "http://[::1]:7860/", true],
    ["[::1]:7860", "http://[::1]:7861/", false],
    ["0:0:0:0:0:0:0:1", "http://[::1]/", true],
    ["127.0.0.1", "http://127.0.0.1:7860/", true],
    ["0.0.1", "http://127.0.0.1/", false],
    ["10.0.0.0/99", "http://10.0.0.1/", false],
    ["", "http://example.com/", false],
  ])("NO_PROXY=%s and %s: straight is %s", (list, url, straight) => {
    vi.stubEnv("ALL_PROXY", "proxy:1");
    vi.stubEnv("NO_PROXY", list);
    expect(chosen(url) === undefined).toBe(straight);
  });
});

describe("what is no proxy", () => {
  const bad = [
    "not a url",
    "http://",
    "socks5://",
    "ftp://proxy.corp",
    "socks4://proxy.corp",
    "http://proxy.corp:99999",
    "http://proxy.corp:0",
    "http://ann:%zz@proxy.corp",
    `http://ann:${"x".repeat(256)}@proxy.corp`,
    // Of these the host would be "https" or "ann".
    "https//proxy.corp",
    "http://ann:12/xxx@proxy.corp",
    "ann:12#xxx@proxy.corp",
    "http://ann:12?xxx@proxy.corp",
  ];
  it.each(bad)("is a TypeError that names the option: %s", (value) => {
    expect(() => readProxies(value)).toThrow(TypeError);
    expect(() => readProxies(value)).toThrow("`proxy`");
  });

  it.each(bad)("is a TypeError that names the variable, and shows no password: %s", (value) => {
    vi.stubEnv("https_proxy", value);
    expect(() => readProxies(undefined)).toThrow(TypeError);
    expect(() => readProxies(undefined)).toThrow(/^The environment variable https_proxy (?!.*(%zz|xxx))/);
  });

  it.each(["", 3128, true, null, {}])("is a TypeError for JavaScript too: %j", (value) => {
    expect(() => readProxies(value as never)).toThrow(TypeError);
  });
});
