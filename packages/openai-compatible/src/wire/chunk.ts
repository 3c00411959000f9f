import { isObject, textIn, type JsonObject } from "./json.ts";

/** The one answer of a chunk, or of a whole response; others, which nobody asked for, are left out. */
export function choiceIn({ choices }: JsonObject): JsonObject | undefined {
  if (!Array.isArray(choices)) return undefined;
  for (const choice of choices as readonly unknown[])
    if (isObject(choice) && (choice["index"] === 0 || typeof choice["index"] !== "number")) return choice;
  return undefined;
}

/** What a choice says: in a stream its `delta`, of a whole response the `message`. */
export function saidIn({ delta, message }: JsonObject): JsonObject {
  if (isObject(delta)) return delta;
  return isObject(message) ? message : {};
}

/** Whether a chunk has a whole `message` for what others have in a `delta`. */
export function hasMessage(json: JsonObject): boolean {
  const choice = choiceIn(json);
  return choice !== undefined && !isObject(choice["delta"]) && isObject(choice["message"]);
}

/** The words of a delta. Some vendors send a list of parts. */
export function contentIn({ content }: JsonObject): string {
  if (typeof content === "string") return content;
  return Array.isArray(content) ? joined(content, "text") : "";
}

/** What was thought, in whichever field the vendor has for it. */
export function reasoningIn(delta: JsonObject): string {
  const { reasoning_content: content, reasoning } = delta;
  if (typeof content === "string" && content !== "") return content;
  if (typeof reasoning === "string") return reasoning;
  return Array.isArray(delta["content"]) ? joined(delta["content"], "thinking") : "";
}

/** The parts of one type in a list of content, each with its words in a field of that name, or in a list there. */
function joined(parts: readonly unknown[], type: "text" | "thinking"): string {
  let text = "";
  for (const part of parts) {
    if (!isObject(part) || part["type"] !== type) continue;
    const inside = part[type];
    // Text holds no more lists: however deep one is nested, this ends.
    text += type === "thinking" && Array.isArray(inside) ? joined(inside, "text") : (textIn(part, type) ?? "");
  }
  return text;
}
