import { QwenError } from "@qwen/core";

import type { Component } from "./page.ts";
import { inputList } from "./refusal.ts";
import { isChatbot, isMultimodal, type SettingName } from "./role.ts";

/** What an input is for, where its caller says so. */
export type InputRole =
  | "message"
  | "history"
  | "system"
  | "image"
  /** It keeps the value that it has on the page. */
  | "ignore"
  /** It takes this setting. */
  | { readonly setting: SettingName }
  /** It always gets this value. */
  | { readonly value: unknown };

/** Roles by the label, the parameter or the id of an input. */
export type Inputs = ReadonlyMap<string, InputRole>;

/** The inputs that a caller knows the roles of. Throws `invalid_request` for one that is not there, with those that are. */
export function applyInputs(
  inputs: readonly Component[],
  given: Inputs | undefined,
): ReadonlyMap<Component, InputRole> {
  const roles = new Map<Component, InputRole>();
  for (const [name, role] of given ?? []) {
    const named = inputNamed(inputs, name);
    if (named === undefined)
      throw new QwenError(
        "invalid_request",
        `\`inputs\` names ${JSON.stringify(name.slice(0, 80))}, and the chat takes no such input. It takes ${inputList(inputs)}.`,
      );
    requireFit(named, role);
    if (roles.has(named))
      throw new QwenError(
        "invalid_request",
        `\`inputs\` names ${inputList([named])} twice, the second time as ${JSON.stringify(name.slice(0, 80))}.`,
      );
    roles.set(named, role);
  }
  return roles;
}

/** An input of another kind would refuse what it is given, and not say why. */
function requireFit(input: Component, role: InputRole): void {
  if (fits(input, role)) return;
  const what = typeof role === "string" ? role : "setting";
  throw new QwenError("invalid_request", `\`inputs\` puts the ${what} into ${inputList([input])}, which takes none.`);
}

function fits(input: Component, role: InputRole): boolean {
  const { type } = input;
  if (role === "history") return isChatbot(input) || type === "json";
  if (role === "image") return isMultimodal(input) || type === "image" || type === "file";
  if (role === "message" || role === "system") return !NO_TEXTS.has(type);
  return role === "ignore" || "value" in role || !NO_NUMBERS.has(type);
}

/** The kinds that take no number, and those that take no text: whatever else there is may. */
const NO_NUMBERS: ReadonlySet<string> = new Set(["checkbox", "chatbot", "image", "gallery", "file", "audio", "video"]);
const NO_TEXTS: ReadonlySet<string> = new Set([...NO_NUMBERS, "slider", "number"]);

/** The input of that id, or else of that label or parameter. */
export function inputNamed(inputs: readonly Component[], name: string): Component | undefined {
  return (
    inputs.find((one) => String(one.id) === name) ??
    inputs.find(({ label, parameter }) => label === name || parameter === name)
  );
}
