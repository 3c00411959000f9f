import type { Settings, Tool } from "@qwen/core";
import { Fields, unsupported, wrong } from "./fields.ts";

/** The tools of a request; `undefined` without any. */
export function readTools(fields: Fields): readonly Tool[] | undefined {
  const given = fields.list("tools");
  if (given === undefined || given.length === 0) return undefined;
  const tools = given.map((one, index) => readTool(new Fields(one, `tools[${index}]`)));
  const names = new Set<string>();
  tools.forEach(({ name }, index) => {
    if (names.has(name)) throw wrong(`tools[${index}].function.name`, "unlike the name of every other tool");
    names.add(name);
  });
  return tools;
}

function readTool(tool: Fields): Tool {
  const type = tool.string("type") ?? "function";
  if (type !== "function") throw unsupported(tool.pathOf("type"), "A tool can be a `function` only.");
  const called = tool.object("function");
  if (called === undefined) throw wrong(tool.pathOf("function"), "an object");
  const parameters = called.object("parameters");
  return {
    name: called.name("name"),
    description: called.string("description"),
    inputSchema: parameters?.body ?? { type: "object", properties: {} },
  };
}

/** Which of the tools is to be called. Without tools there is nothing to choose from. */
export function readToolChoice(fields: Fields, tools: readonly Tool[] | undefined): Settings["toolChoice"] {
  const given = fields.value("tool_choice");
  if (given === undefined) return undefined;
  if (given === "auto" || given === "none") return tools === undefined ? undefined : given;
  if (tools === undefined) throw wrong("tool_choice", "left out, or `none`, where there are no `tools`");
  if (given === "required") return given;
  const choice = typeof given === "string" ? undefined : new Fields(given, "tool_choice");
  if (choice === undefined) throw wrong("tool_choice", "`auto`, `none`, `required`, or the function to call");
  if (choice.string("type") !== "function")
    throw unsupported(choice.pathOf("type"), "The tool to call can be a `function` only.");
  const toolName = choice.object("function")?.name("name");
  if (toolName === undefined || !tools.some(({ name }) => name === toolName))
    throw wrong("tool_choice.function.name", "the name of one of the `tools`");
  return { toolName };
}

/** In what form the answer is to come. */
export function readResponseFormat(fields: Fields): Settings["responseFormat"] {
  const format = fields.object("response_format");
  if (format === undefined) return undefined;
  const type = format.string("type");
  if (type === "text") return undefined;
  if (type === "json_object") return { type: "json" };
  if (type !== "json_schema")
    throw unsupported(format.pathOf("type"), "An answer comes as `text`, `json_object` or `json_schema`.");
  const schema = format.object("json_schema")?.object("schema");
  if (schema === undefined) throw wrong(format.pathOf("json_schema.schema"), "a JSON schema");
  return { type: "json", schema: schema.body };
}
