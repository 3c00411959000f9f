import type { ProviderPart } from "@qwen/core";
import { scriptedProvider } from "@qwen/testing";
import { expect, test, vi } from "vitest";

import { asked } from "./responses/asked.ts";

test.each([false, true])(
  "What came with the calls of a response is forgotten with it, made in the background: %s",
  async (background) => {
    const providerMetadata = { vendor: { itemId: "1" } };
    const call = { type: "tool-call", toolCallId: "1", toolName: "f", input: "{}" } as const;
    const called: ProviderPart = { ...call, providerMetadata };
    const models = [{ id: "scripted-model", capabilities: { tools: true } }] as const;
    const provider = scriptedProvider({
      models,
      script: ({ messages }) => (messages.length === 1 ? [called] : ["Sunny."]),
    });
    const { create, call: ask } = asked([provider]);
    const { id } = await create({ input: "Hi", background });
    const made = await vi.waitFor(async () => {
      const { status, output } = (await (await ask("GET", `/${id}`)).json()) as {
        readonly status: string;
        readonly output: readonly { readonly call_id: string }[];
      };
      expect(status).toBe("completed");
      return output;
    });
    const call_id = made[0]?.call_id;
    const input = [
      { role: "user", content: "Hi" },
      { type: "function_call", call_id, name: "f", arguments: "{}" },
      { type: "function_call_output", call_id, output: "22" },
    ];
    const sent = async (): Promise<unknown> => {
      await create({ input });
      return provider.calls.at(-1)?.request.messages[1]?.content;
    };
    expect(await sent()).toEqual([{ ...call, providerMetadata }]);
    expect((await ask("DELETE", `/${id}`)).status).toBe(200);
    expect(await sent()).toEqual([call]);
  },
);
