import type { ReasoningEffort } from "@qwen/core";
import { oneOf, readable } from "@qwen/core/http";
import type { ModelOf, OpenAICompatibleProvider } from "../openai-compatible.ts";
import type { ModelOption } from "../options.ts";
import { presetProvider, type PresetOptions } from "./preset.ts";

/** Where Alibaba Cloud runs Model Studio for all. A key is of one region. */
export type DashscopeRegion = "international" | "mainland" | "us" | "hong-kong";

/** Options of `dashscope`. */
export interface DashscopeOptions<
  Id extends string = string,
  Models extends readonly ModelOption[] = readonly ModelOption[],
> extends PresetOptions<Id, Models> {
  /** @defaultValue "international", which is Singapore */
  readonly region?: DashscopeRegion | undefined;
  /** What is asked for, the default first. @defaultValue Qwen's own names that stay: qwen-plus, qwen-max, qwen-flash, … */
  readonly models?: Models | undefined;
}

// alibabacloud.com/help/en/model-studio/base-url, of 11 October 2026: the shared domains, beside those of a workspace.
const BASES: ReadonlyMap<DashscopeRegion, string> = new Map([
  ["international", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1"],
  ["mainland", "https://dashscope.aliyuncs.com/compatible-mode/v1"],
  ["us", "https://dashscope-us.aliyuncs.com/compatible-mode/v1"],
  ["hong-kong", "https://cn-hongkong.dashscope.aliyuncs.com/compatible-mode/v1"],
]);

const QWEN = [
  "qwen-plus",
  "qwen-max",
  "qwen-flash",
  "qwen3-coder-plus",
  { id: "qwen3-vl-plus", capabilities: { images: true } },
] as const;

/**
 * Qwen's own API: Alibaba Cloud Model Studio, by the key of `apiKey` or of `DASHSCOPE_API_KEY`.
 *
 * `settings.reasoning` is `enable_thinking`, on or off: "none" is off, all else on. Models go on behind a last message of the
 * assistant (`partial`), for which they do not think. Throws a `TypeError` for an option that is none.
 */
export function dashscope<
  const Id extends string = "dashscope",
  const Models extends readonly ModelOption[] = typeof QWEN,
>(options: DashscopeOptions<Id, Models> = {}): OpenAICompatibleProvider<Id, ModelOf<Models[number]>> {
  const region = readable("options.region", () => options?.region) ?? "international";
  return presetProvider<Id, Models>(
    {
      id: "dashscope",
      // One that is none is refused before this is looked at.
      baseURL: BASES.get(region) ?? "",
      hosts: HOSTS,
      models: QWEN,
      dialect: {
        keyVariable: "DASHSCOPE_API_KEY",
        prefill: "partial",
        reasoning: thinking,
        capabilities: { tools: true, json: true, prefill: true },
      },
    },
    options,
    { region: oneOf(...BASES.keys()) },
  );
}

/** Its shared domains, and those of workspaces. */
const HOSTS = /^(?:dashscope(?:-intl|-us)?|cn-hongkong\.dashscope|[\w-]+\.[\w-]+\.maas)\.aliyuncs\.com$/;

// help.aliyun.com/en/model-studio/deep-thinking: no steps between on and off for all models.
function thinking(effort: ReasoningEffort): Readonly<Record<string, unknown>> {
  return { enable_thinking: effort !== "none" };
}
