import { describe, expect, it } from "vitest";
import { readToken, spaceUrl, tokenHeader } from "../../src/gradio/address.ts";

describe("the address of a Space", () => {
  it.each<[string | URL, string]>([
    ["Qwen/Qwen2.5-Max-Demo", "https://qwen-qwen2-5-max-demo.hf.space/"],
    ["Qwen/QVQ_72B.Preview", "https://qwen-qvq-72b-preview.hf.space/"],
    ["https://huggingface.co/spaces/Qwen/Qwen2.5-Max-Demo", "https://qwen-qwen2-5-max-demo.hf.space/"],
    [new URL("https://huggingface.co/spaces/Qwen/Qwen2.5-Max-Demo/"), "https://qwen-qwen2-5-max-demo.hf.space/"],
    ...[
      "https://huggingface.co/spaces/Qwen/Max?logs=container",
      "https://huggingface.co/spaces/Qwen/Max#readme",
      "http://huggingface.co/spaces/Qwen/Max/tree/main",
      "https://www.huggingface.co/spaces/Qwen/Max/blob/main/app.py",
      "https://hf.co/spaces/Qwen/Max//",
      "huggingface.co/spaces/Qwen/Max",
      "hf.co/spaces/Qwen/Max/discussions/3?x=1#y",
      "WWW.HuggingFace.co/spaces/Qwen/Max/",
      "https://huggingface.co./spaces/Qwen/Max",
      " Qwen/Max\n",
      "\thttps://huggingface.co/spaces/Qwen/Max ",
      "https://qwen-max.hf.space/?__theme=dark",
      "qwen-max.hf.space",
      "qwen-max.hf.space/?logs=build",
    ].map((pasted): [string, string] => [pasted, "https://qwen-max.hf.space/"]),
    ["http://127.0.0.1:7860", "http://127.0.0.1:7860/"],
    ["https://host.test/app", "https://host.test/app/"],
    ["https://host.test/app/?theme=dark#top", "https://host.test/app/"],
    [new URL("https://host.test/a/b"), "https://host.test/a/b/"],
  ])("of %s is %s", (target, url) => expect(spaceUrl(target).href).toBe(url));

  it("does not change a URL it was given", () => {
    const given = new URL("https://host.test/app?theme=dark");
    spaceUrl(given);
    expect(given.href).toBe("https://host.test/app?theme=dark");
  });

  it.each([
    "https://huggingface.co",
    "https://huggingface.co/Qwen/Qwen2.5-Max",
    "huggingface.co/Qwen",
    "hf.co/spaces",
    "https://huggingface.co/spaces/Qwen",
    "https://huggingface.co/spaces/Qwen/%2e%2e",
    "https://huggingface.co/datasets/Qwen/Max",
    "http://hf.co:8080/Qwen/Max",
    "https://huggingface.co/api/spaces/Qwen/Max",
  ])("is a TypeError that says what is wanted for another page of the hub: %s", (target) => {
    expect(() => spaceUrl(target)).toThrow(TypeError);
    expect(() => spaceUrl(target)).toThrow(/huggingface\.co\/spaces\/owner\/name/);
  });

  it.each(["", "qwen", "a/b/c", "/a", "a/", "a b/c", "ftp://host", "file:///etc/passwd", "ws://host", "http://"])(
    "is a TypeError for what is none: %j",
    (target) => expect(() => spaceUrl(target)).toThrow(TypeError),
  );

  it.each([
    "https://ann:secret@host.test/",
    "ftp://ann:secret@host.test/",
    "ann:secret@host.test",
    "https://ann:se@cret@huggingface.co/a",
    "hf_secret",
    "hf.co/hf_secret",
  ])("is a TypeError for one with a password or a token in it, which is not shown: %s", (target) => {
    expect(() => spaceUrl(target)).toThrow(TypeError);
    expect(() => spaceUrl(target)).not.toThrow(/secret|cret/);
  });
});

describe("the token", () => {
  const header = (url: string, space: string): object =>
    tokenHeader(new URL(url), { space: new URL(space), token: "hf_x" });

  it.each([
    [
      "a Space on Hugging Face",
      "https://a-b.hf.space/queue",
      "https://a-b.hf.space/",
      { "x-hf-authorization": "Bearer hf_x" },
    ],
    [
      "the same by its name with a dot behind it",
      "https://a-b.hf.space./queue",
      "https://a-b.hf.space./",
      { "x-hf-authorization": "Bearer hf_x" },
    ],
    [
      "a host of the caller's naming",
      "https://host.test/app/queue",
      "https://host.test/app/",
      { authorization: "Bearer hf_x" },
    ],
    ["the same host by another scheme", "http://host.test/", "https://host.test/", {}],
    ["the same host at another port", "https://host.test:8443/", "https://host.test/", {}],
    ["another Space", "https://c-d.hf.space/", "https://a-b.hf.space/", {}],
    ["another host", "https://evil.test/", "https://host.test/", {}],
    ["a host that only looks like Hugging Face", "https://evilhf.space/", "https://a-b.hf.space/", {}],
    ["a subdomain of the host", "https://sub.host.test/", "https://host.test/", {}],
  ])("for %s", (_, url, space, expected) => expect(header(url, space)).toEqual(expected));

  it("that is empty is none", () => {
    expect(readToken("")).toBeUndefined();
    expect(readToken(undefined)).toBeUndefined();
    expect(readToken("hf_x")).toBe("hf_x");
  });

  it.each([" ", "hf_x\n", "hf x", "hf_\u00e4", "hf_x\r\nx-evil: 1", "\u0000"])(
    "is a TypeError that does not show it, where no header can carry it: %j",
    (token) => {
      expect(() => readToken(token)).toThrow(TypeError);
      if (token.trim() !== "") expect(() => readToken(token)).not.toThrow(token);
    },
  );
});
