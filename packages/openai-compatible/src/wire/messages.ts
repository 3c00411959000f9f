import { splitBeginning, type ContentPart, type Message, type ToolCallPart, type ToolResultPart } from "@qwen/core";
import { wireFile, wireImage, type ReadBlobs } from "./attachments.ts";
import { givenBack } from "./given-back.ts";

/** A message as the wire has it. */
export type WireMessage = Readonly<Record<string, unknown>>;

/** What messages are written with. */
export interface WireContext {
  /** Id of the provider that they go to. */
  readonly provider: string;
  readonly blobs: ReadBlobs;
}

/** Messages as the wire has them, and whether the last one is the beginning of an answer. */
export interface WireMessages {
  readonly messages: readonly WireMessage[];
  /** The text that the answer begins with, where one is given. */
  readonly beginning: string | undefined;
}

/**
 * Writes messages. Text alone is a string, which every server takes.
 *
 * At the end, messages of the assistant are one, behind everything else, and an empty one is left out: servers refuse two, and models
 * go on worse behind nothing. What was thought goes back with the calls that followed from it, where this provider has told it.
 */
export function wireMessages(messages: readonly Message[], context: WireContext): WireMessages {
  const { asked, beginning } = splitBeginning(messages);
  const wire = asked.flatMap((message) => written(message, context));
  if (beginning === "") return { messages: wire, beginning: undefined };
  return { messages: [...wire, { role: "assistant", content: beginning }], beginning };
}

function written(message: Message, { blobs, provider }: WireContext): readonly WireMessage[] {
  const { content } = message;
  const role = message.role === "developer" ? "system" : message.role;
  // Words that are no result of a call are the user's: a message of the role `tool` names its call.
  if (typeof content === "string") return [{ role: role === "tool" ? "user" : role, content }];
  if (role === "tool") return toolMessages(content, blobs);
  const calls = content.filter((part) => part.type === "tool-call");
  const said = { role, content: contentOf(content, blobs) };
  if (role !== "assistant" || calls.length === 0) return [said];
  const back = calls.map((part) => givenBack(part, provider).message).find(Boolean);
  return [{ ...back, ...said, tool_calls: calls.map((part) => wireCall(part, provider)) }];
}

/** A message for each result; what stands beside them is the user's. */
function toolMessages(content: readonly ContentPart[], blobs: ReadBlobs): readonly WireMessage[] {
  const results = content.filter((part) => part.type === "tool-result");
  const others = content.filter((part) => part.type !== "tool-result");
  const wire: WireMessage[] = results.map((part) => ({
    role: "tool",
    tool_call_id: part.toolCallId,
    content: resultOf(part, blobs),
  }));
  return others.length === 0 ? wire : [...wire, { role: "user", content: contentOf(others, blobs) }];
}

function resultOf({ output }: ToolResultPart, blobs: ReadBlobs): unknown {
  if (output.type === "text") return output.value;
  return output.type === "json" ? JSON.stringify(output.value) : contentOf(output.value, blobs);
}

function wireCall(part: ToolCallPart, provider: string): object {
  const { toolCallId: id, toolName: name, input } = part;
  return { ...givenBack(part, provider).call, id, type: "function", function: { name, arguments: input } };
}

/** Text as a string, and with more than that a list of parts. */
function contentOf(content: readonly ContentPart[], blobs: ReadBlobs): unknown {
  const isText = content.every(({ type }) => type !== "image" && type !== "file");
  if (isText) return content.map((part) => (part.type === "text" ? part.text : "")).join("");
  return content.flatMap((part) => {
    switch (part.type) {
      case "text":
        return part.text === "" ? [] : [{ type: "text", text: part.text }];
      case "image":
        return [wireImage(part, blobs)];
      case "file":
        return [wireFile(part, blobs)];
      default:
        return [];
    }
  });
}
