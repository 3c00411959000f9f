import { describe, expect, it } from "vitest";
import { checkToken, spaceUrl, tokenHeader } from "../../src/gradio/address.ts";

describe("the address of a Space", () => {
  it.each([
    ["Qwen/Qwen2.5-Max-Demo", "https://qwen-qwen2-5-max-demo.hf.space/"],
    ["Qwen/QVQ_72B.Preview", "https://qwen-qvq-72b-preview.hf.space/"],
    ["https://huggingface.co/spaces/Qwen/Qwen2.5-Max-Demo", "https://qwen-qwen2-5-max-demo.hf.space/"],
    [new URL("https://huggingface.co/spaces/Qwen/Qwen2.5-Max-Demo/"), "https://qwen-qwen2-5-max-demo.hf.space/"],
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

  it.each(["", "qwen", "a/b/c", "/a", "a/", "a b/c", "ftp://host", "file:///etc/passwd", "ws://host", "http://"])(
    "is a TypeError for what is none: %j",
    (target) => expect(() => spaceUrl(target)).toThrow(TypeError),
  );

  it("is a TypeError for one with a password in it, which is not shown", () => {
    expect(() => spaceUrl("https://ann:secret@host.test/")).toThrow(TypeError);
    expect(() => spaceUrl("https://ann:secret@host.test/")).not.toThrow(/secret/);
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

  it.each(["", " ", "hf_x\n", "hf x", "hf_\u00e4", "hf_x\r\nx-evil: 1", "\u0000"])(
    "is a TypeError that does not show it, where no header can carry it: %j",
    (token) => {
      expect(() => checkToken(token)).toThrow(TypeError);
      if (token.trim() !== "") expect(() => checkToken(token)).not.toThrow(token);
    },
  );
});
