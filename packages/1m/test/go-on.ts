import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";

import type { Message } from "@qwen/core";

/** The next turn of a conversation, asked by another process. */
export function goOnElsewhere(input: {
  readonly space: string;
  readonly messages: readonly Message[];
  readonly conversation: string | undefined;
}): Promise<{ readonly text: string; readonly conversation: string }> {
  const program = fileURLToPath(new URL("./fixtures/go-on.ts", import.meta.url));
  return new Promise((resolve, reject) => {
    const child = execFile(process.execPath, ["--conditions=@qwen/source", program], (error, stdout) => {
      if (error === null) resolve(JSON.parse(stdout) as { text: string; conversation: string });
      else reject(error);
    });
    child.stdin?.end(JSON.stringify(input));
  });
}
