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
    roles.set(named, role);
  }
  return roles;
}

/** Turns and pictures are no texts: an input of another kind would refuse them, and not say why. */
function requireFit(input: Component, role: InputRole): void {
  const fits =
    role === "history"
      ? isChatbot(input) || input.type === "json"
      : role !== "image" || isMultimodal(input) || input.type === "image" || input.type === "file";
  if (fits) return;
  throw new QwenError(
    "invalid_request",
    `\`inputs\` puts the ${role === "history" ? role : "image"} into ${inputList([input])}, which takes none.`,
  );
}

/** The input of that id, or else of that label or parameter. */
export function inputNamed(inputs: readonly Component[], name: string): Component | undefined {
  return inputs.find((one) => String(one.id) === name) ?? inputs.find((one) => isNamed(one, name));
}

function isNamed({ label, parameter }: Component, name: string): boolean {
  return label === name || parameter === name;
}
