import { inspect } from "node:util";

import type { OpenAIEmulatorOptions } from "./emulator.ts";

const NAMES: readonly string[] = ["models", "apiKey", "faults", "dialect", "reasoning", "anyModel", "heartbeatMs"];
const REASONING: readonly unknown[] = ["reasoning_content", "reasoning", "think"];

/** Reads what the compiler has not: a wrong option is a `TypeError` that names it. */
export function checkOptions(options: OpenAIEmulatorOptions): void {
  for (const name of Object.keys(options)) {
    if (!NAMES.includes(name)) throw new TypeError(`There is no option "${name}". There are ${NAMES.join(", ")}.`);
  }
  const { models, apiKey, reasoning, anyModel, heartbeatMs } = options as Readonly<Record<string, unknown>>;
  if (models !== undefined && !(typeof models === "object" && models !== null && Object.keys(models).length > 0))
    throw new TypeError('"models" has the answer of at least one model by its name, as in { "model-a": "Hello" }.');
  if (apiKey !== undefined && (typeof apiKey !== "string" || apiKey === ""))
    throw new TypeError('"apiKey" is a string that is not empty.');
  if (reasoning !== undefined && !REASONING.includes(reasoning))
    throw new TypeError(`"reasoning" is one of ${REASONING.join(", ")}, not ${inspect(reasoning)}.`);
  if (anyModel !== undefined && typeof anyModel !== "boolean")
    throw new TypeError(`"anyModel" is true or false, not ${inspect(anyModel)}.`);
  if (heartbeatMs !== undefined && !(typeof heartbeatMs === "number" && heartbeatMs > 0))
    throw new TypeError(`"heartbeatMs" is a number above 0, not ${inspect(heartbeatMs)}.`);
}
