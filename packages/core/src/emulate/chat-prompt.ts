import { joinedContent, jsonText, QwenError } from "#core";

import type { ContentPart, Message, ToolCallPart, ToolResultPart } from "../message.ts";
import type { Settings, Tool } from "../provider.ts";

/** The tools a model may call, and whether it has to. */
export type ToolsAsked = Pick<Settings, "tools" | "toolChoice" | "parallelToolCalls">;

/**
 * What stands in the system prompt for tools, as Qwen's chat templates write it.
 *
 * Throws `invalid_request` for a tool that cannot be written as JSON, and for a choice that is none of the tools.
 */
export function toolPrompt({ tools = [], toolChoice = "auto", parallelToolCalls = true }: ToolsAsked): string {
  const lines = tools.map((tool, index) => signatureOf(tool, `settings.tools[${index}]`));
  const rules: string[] = [];
  if (toolChoice === "required") rules.push("You must call at least one function.");
  else if (typeof toolChoice === "object") {
    const { toolName } = toolChoice;
    if (!tools.some(({ name }) => name === toolName)) {
      throw new QwenError(
        "invalid_request",
        "The request cannot be sent: `settings.toolChoice` names none of the tools.",
      );
    }
    rules.push(`You must call the function ${JSON.stringify(toolName)}.`);
  }
  if (!parallelToolCalls) rules.push("Call no more than one function at a time.");
  return [
    "# Tools\n\nYou may call one or more functions to assist with the user query.\n",
    "You are provided with function signatures within <tools></tools> XML tags:",
    `<tools>\n${lines.join("\n")}\n</tools>\n`,
    "For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:",
    '<tool_call>\n{"name": <function-name>, "arguments": <args-json-object>}\n</tool_call>',
    ...rules.map((rule) => `\n${rule}`),
  ].join("\n");
}

/** Whether there is anything of tools in messages, which may not have been checked. */
export function holdTools(messages: readonly Message[]): boolean {
  return Array.isArray(messages) && messages.some(isOfTools);
}

/** The messages with calls and results of tools written as Qwen's chat templates write them: the results by the user. */
export function asWritten(messages: readonly Message[]): readonly Message[] {
  if (!holdTools(messages)) return messages;
  const written: Message[] = [];
  let results: Message | undefined;
  for (const message of messages) {
    const { role, content } = message;
    if (role !== "tool") {
      results = undefined;
      written.push(isOfTools(message) ? { ...message, content: contentOf(content, callOf) } : message);
      continue;
    }
    // Those of one step are one turn.
    const answers = typeof content === "string" ? [`${OPEN}${content}${CLOSE}`] : [contentOf(content, resultOf)];
    if (results !== undefined) written.pop();
    results = {
      ...message,
      role: "user",
      content: joinedContent([...(results === undefined ? [] : [results.content, "\n"]), ...answers]),
    };
    written.push(results);
  }
  return written;
}

/** What asks a model to write a call again. */
export function repairOf(block: string, why: string): readonly Message[] {
  return [
    { role: "assistant", content: block.trim() },
    {
      role: "user",
      content: `This function call cannot be read: ${why} Write it again, as one valid JSON object with "name" and "arguments" within <tool_call></tool_call> XML tags, and nothing else.`,
    },
  ];
}

const OPEN = "<tool_response>\n";
const CLOSE = "\n</tool_response>";

function signatureOf({ name, description, inputSchema }: Tool, path: string): string {
  const schema = inputSchema === undefined ? undefined : jsonText(inputSchema, `${path}.inputSchema`);
  const parts = [`"name": ${JSON.stringify(name)}`];
  if (typeof description === "string") parts.push(`"description": ${JSON.stringify(description)}`);
  if (schema !== undefined) parts.push(`"parameters": ${schema}`);
  return `{"type": "function", "function": {${parts.join(", ")}}}`;
}

function isOfTools(message: Message): boolean {
  if (message?.role === "tool") return true;
  return Array.isArray(message?.content) && message.content.some((part: ContentPart) => part?.type === "tool-call");
}

/** The parts, those of tools written out, each on lines of its own. */
function contentOf(
  content: Message["content"],
  write: (part: ContentPart) => readonly (ContentPart | string)[] | undefined,
): Message["content"] {
  if (typeof content === "string") return joinedContent([content]);
  const pieces: (ContentPart | string)[] = [];
  let wasWritten = false;
  for (const [index, part] of content.entries()) {
    const written = write(part);
    if (index > 0 && (wasWritten || written !== undefined)) pieces.push("\n");
    pieces.push(...(written ?? [part]));
    wasWritten = written !== undefined;
  }
  return joinedContent([pieces.map((piece) => (typeof piece === "string" ? text(piece) : piece))]);
}

function callOf(part: ContentPart): readonly string[] | undefined {
  return part.type === "tool-call" ? [writtenCall(part)] : undefined;
}

function writtenCall({ toolName, input }: ToolCallPart): string {
  return `<tool_call>\n{"name": ${JSON.stringify(toolName)}, "arguments": ${input}}\n</tool_call>`;
}

function resultOf(part: ContentPart): readonly (ContentPart | string)[] {
  return [OPEN, ...(part.type === "tool-result" ? outputOf(part) : [part]), CLOSE];
}

function outputOf({ output, isError = false }: ToolResultPart): readonly (ContentPart | string)[] {
  const mark = isError ? ["Error: "] : [];
  switch (output.type) {
    case "text":
      return [...mark, output.value];
    case "json":
      return [...mark, JSON.stringify(output.value) ?? ""];
    case "content":
      return [...mark, ...output.value];
  }
}

const text = (words: string): ContentPart => ({ type: "text", text: words });
