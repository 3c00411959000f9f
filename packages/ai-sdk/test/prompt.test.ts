import type { LanguageModelV4Prompt } from "@ai-sdk/provider";
import { generateText } from "ai";
import { describe, expect, test } from "vitest";

import { readPrompt } from "../src/prompt.ts";
import { modelOf, read, rejection, scripted } from "./router-models.ts";

const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47]);
const url = new URL("https://example.com/a.png");

describe("a prompt of the AI SDK", () => {
  test("is read with all that messages have words for", () => {
    const prompt: LanguageModelV4Prompt = [
      { role: "system", content: "Be brief.", providerOptions: { anthropic: { cacheControl: { type: "ephemeral" } } } },
      {
        role: "user",
        content: [
          { type: "text", text: "Look:", providerOptions: { a: { b: 1 } } },
          { type: "file", mediaType: "image/png", data: { type: "data", data: png } },
          { type: "file", mediaType: "IMAGE", data: { type: "data", data: "iVBORw==" } },
          { type: "file", mediaType: "image/*", data: { type: "url", url } },
          { type: "file", mediaType: "application/pdf", filename: "a.pdf", data: { type: "data", data: "JVBERi0=" } },
          { type: "file", mediaType: "text", data: { type: "text", text: "héllo" } },
        ],
      },
      {
        role: "assistant",
        content: [
          { type: "reasoning", text: "Hm", providerOptions: { anthropic: { signature: "s" } } },
          { type: "text", text: "I look." },
          { type: "tool-call", toolCallId: "c1", toolName: "clock", input: { zone: "Rome" } },
          { type: "tool-call", toolCallId: "c2", toolName: "clock", input: undefined },
        ],
      },
      {
        role: "tool",
        content: [
          { type: "tool-result", toolCallId: "c1", toolName: "clock", output: { type: "json", value: { time: 12 } } },
          {
            type: "tool-result",
            toolCallId: "c2",
            toolName: "clock",
            output: { type: "error-text", value: "No zone." },
          },
        ],
      },
    ];
    const { messages, warnings } = readPrompt(prompt);
    expect(warnings).toEqual([]);
    expect(messages).toEqual([
      {
        role: "system",
        content: "Be brief.",
        providerMetadata: { anthropic: { cacheControl: { type: "ephemeral" } } },
      },
      {
        role: "user",
        content: [
          { type: "text", text: "Look:", providerMetadata: { a: { b: 1 } } },
          { type: "image", image: png, mediaType: "image/png" },
          { type: "image", image: png },
          { type: "image", image: url },
          {
            type: "file",
            file: "data:application/pdf;base64,JVBERi0=",
            mediaType: "application/pdf",
            filename: "a.pdf",
          },
          { type: "file", file: new TextEncoder().encode("héllo"), mediaType: "text/plain" },
        ],
      },
      {
        role: "assistant",
        content: [
          { type: "reasoning", text: "Hm", providerMetadata: { anthropic: { signature: "s" } } },
          { type: "text", text: "I look." },
          { type: "tool-call", toolCallId: "c1", toolName: "clock", input: '{"zone":"Rome"}' },
          { type: "tool-call", toolCallId: "c2", toolName: "clock", input: "{}" },
        ],
      },
      {
        role: "tool",
        content: [
          { type: "tool-result", toolCallId: "c1", toolName: "clock", output: { type: "json", value: { time: 12 } } },
          {
            type: "tool-result",
            toolCallId: "c2",
            toolName: "clock",
            output: { type: "text", value: "No zone." },
            isError: true,
          },
        ],
      },
    ]);
  });

  test("leaves out what no message has a word for, and warns of each once", async () => {
    const provider = scripted(["Hello"], { tools: true });
    const custom = { type: "custom", kind: "openai.compaction" } as const;
    const { parts } = await read(modelOf(provider), {
      prompt: [
        {
          role: "user",
          content: [
            { type: "text", text: "Hi" },
            {
              type: "file",
              mediaType: "application/pdf",
              data: { type: "reference", reference: { openai: "file-1" } },
            },
          ],
        },
        { role: "assistant", content: [custom, custom, { type: "text", text: "Yes?" }] },
        {
          role: "assistant",
          content: [{ type: "reasoning-file", mediaType: "image/png", data: { type: "data", data: png } }],
        },
        { role: "tool", content: [{ type: "tool-approval-response", approvalId: "a1", approved: true }] },
        { role: "user", content: [{ type: "text", text: "Go on." }] },
      ],
    });
    expect(parts[0]).toMatchObject({
      type: "stream-start",
      warnings: [
        { type: "unsupported", feature: "reference to a file" },
        { type: "unsupported", feature: "custom part openai.compaction" },
        { type: "unsupported", feature: "reasoning-file part" },
        { type: "unsupported", feature: "tool-approval-response part" },
      ],
    });
    expect(provider.calls[0]?.request.messages).toEqual([
      { role: "user", content: [{ type: "text", text: "Hi" }] },
      { role: "assistant", content: [{ type: "text", text: "Yes?" }] },
      { role: "user", content: [{ type: "text", text: "Go on." }] },
    ]);
  });

  test("gives what a vendor ran itself as a call and its result, in turns of their own", () => {
    const { messages } = readPrompt([
      { role: "user", content: [{ type: "text", text: "Search." }] },
      {
        role: "assistant",
        content: [
          { type: "tool-call", toolCallId: "s1", toolName: "web", input: {}, providerExecuted: true },
          {
            type: "tool-result",
            toolCallId: "s1",
            toolName: "web",
            output: { type: "execution-denied", reason: "No." },
          },
          { type: "text", text: "Sorry." },
        ],
      },
    ]);
    expect(messages.map(({ role }) => role)).toEqual(["user", "assistant", "tool", "assistant"]);
    expect(messages[2]?.content).toMatchObject([{ type: "tool-result", output: { type: "text" }, isError: true }]);
  });

  test("is fetched by core's one door or not at all, whatever it names", async () => {
    const reached: string[] = [];
    const download = (wanted: { url: URL; isUrlSupportedByModel: boolean }[]): Promise<null[]> => {
      for (const { url: from, isUrlSupportedByModel } of wanted) if (!isUrlSupportedByModel) reached.push(from.href);
      return Promise.resolve(wanted.map(() => null));
    };
    const seeing = scripted(["Hello"], { images: true, files: true });
    for (const [mediaType, plugin] of [
      ["image/png", seeing],
      ["image", seeing],
      ["application/pdf", seeing],
      ["application/pdf", scripted(["Hello"])],
    ] as const) {
      const data = new URL("http://169.254.169.254/latest/meta-data");
      const content = [{ type: "text", text: "See" } as const, { type: "file", mediaType, data } as const];
      const asking = generateText({
        model: modelOf(plugin),
        messages: [{ role: "user", content }],
        experimental_download: download,
      });
      if (plugin === seeing) await asking;
      else expect(await rejection(asking)).toMatchObject({ cause: { code: "unsupported" } });
    }
    expect(reached).toEqual([]);
    expect(seeing.calls[0]?.request.messages[0]?.content).toMatchObject([
      { type: "text" },
      { type: "image", image: expect.any(URL) },
    ]);
  });

  test.each([
    [[null]],
    [[{ role: "user", content: 7 }]],
    [[{ role: "robot", content: "Hi" }]],
    [[{ role: "user", content: [{ type: "text" }] }]],
    [
      [
        {
          role: "user",
          content: [{ type: "file", mediaType: "image/png", data: { type: "data", data: "no base64!" } }],
        },
      ],
    ],
    [[{ role: "user", content: [{ type: "file", mediaType: "image", data: { type: "data", data: "no base64!" } }] }]],
    [[{ role: "user", content: [{ type: "file", data: { type: "url", url: "file:///etc/passwd" } }] }]],
    [
      [
        {
          role: "tool",
          content: [{ type: "tool-result", toolCallId: "x", toolName: "x", output: { type: "text", value: "" } }],
        },
      ],
    ],
    [[{ role: "assistant", content: [{ type: "tool-call", toolCallId: "x", toolName: "x", input: 1n }] }]],
    [[{ role: "system", content: "Only." }]],
    [
      [
        { role: "user", content: [{ type: "text", text: "Hi" }] },
        { role: "assistant", content: [{ type: "tool-call", toolCallId: "x", toolName: "x", input: {} }] },
        {
          role: "tool",
          content: [{ type: "tool-result", toolCallId: "x", toolName: "x", output: { type: "content", value: "x" } }],
        },
      ],
    ],
  ])("of the wrong shape, %o, is invalid_request before anything is sent", async (prompt) => {
    const provider = scripted(["Hello"], { images: true, files: true, tools: true });
    const error = await rejection(modelOf(provider).doStream({ prompt: prompt as never }));
    expect(error).toMatchObject({ isRetryable: false, cause: { code: "invalid_request" } });
    expect(provider.calls).toHaveLength(0);
  });

  test("that cannot be read is invalid_request before anything is sent", async () => {
    const trap = (): never => {
      throw new RangeError("trap");
    };
    const provider = scripted(["Hello"]);
    const unreadable = new Proxy({}, { get: trap, ownKeys: trap });
    for (const asked of [[unreadable], [{ role: "user", content: [unreadable] }]]) {
      const error = await rejection(modelOf(provider).doStream({ prompt: asked as never }));
      expect(error).toMatchObject({ isRetryable: false, cause: { code: "invalid_request" } });
    }
    const error = await rejection(
      modelOf(provider).doStream(
        new Proxy({ prompt: [] }, { ownKeys: trap, get: (_, name) => (name === "abortSignal" ? undefined : trap()) }),
      ),
    );
    expect(error).toMatchObject({ cause: { code: "invalid_request", cause: { message: "trap" } } });
    expect(provider.calls).toHaveLength(0);
  });
});
