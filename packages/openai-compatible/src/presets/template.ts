import type { ReasoningEffort } from "@qwen/core";

/**
 * How much a model is to think, for servers that hand it to the model's own template: Qwen's knows `enable_thinking`, others
 * `reasoning_effort`, and none minds what it does not know.
 */
export function thinkingOfTemplate(effort: ReasoningEffort): Readonly<Record<string, unknown>> {
  const isOn = effort !== "none";
  return { chat_template_kwargs: { enable_thinking: isOn, ...(isOn && { reasoning_effort: effort }) } };
}
