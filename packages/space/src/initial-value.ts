import type { Component } from "./page.ts";
import { isMultimodal } from "./role.ts";

/** What the page has in an input that nobody touches. A box for passwords stays empty: what is in it is somebody's. */
export function initialValue(component: Component): unknown {
  const { type, isPassword, value, minimum } = component;
  if (isPassword) return "";
  if (type === "state") return null;
  if (type === "chatbot") return [];
  if (isMultimodal(component)) return { text: "", files: [] };
  if (value !== undefined && value !== null) return value;
  if (type === "textbox") return "";
  if (type === "checkbox") return false;
  if (type === "checkboxgroup" || type === "dialogue") return [];
  if (type === "slider") return minimum ?? 0;
  // What a button sends is what stands on it.
  return type === "button" ? "" : null;
}
