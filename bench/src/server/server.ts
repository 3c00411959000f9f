import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import type { Traffic } from "./http.ts";
import type { Protocol } from "./wire.ts";

/** What a server's process is told. */
export type ServerCommand = { readonly type: "reset"; readonly rttMs: number } | { readonly type: "count" };

/** What it answers. */
export type ServerReply =
  | { readonly type: "ready"; readonly port: number }
  | { readonly type: "counts"; readonly total: Traffic; readonly firstOutput: Traffic };

/** A fast server in a process of its own. */
export interface BenchServer extends AsyncDisposable {
  readonly url: string;
  readonly version: Protocol;
  /** Forgets its counts, and adds a round-trip time to connections from now on. */
  reset(options?: { readonly rttMs?: number | undefined }): Promise<void>;
  /** Since the last reset: all of it, and what came before the first output of the first job. */
  counts(): Promise<{ readonly total: Traffic; readonly firstOutput: Traffic }>;
}

/** Starts a server on a free port of 127.0.0.1. It ends with whoever started it. */
export async function startBenchServer(version: Protocol): Promise<BenchServer> {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const child = fork(fileURLToPath(new URL(`./main.${extension}`, import.meta.url)), [version], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const failed = new Promise<never>((_, reject) => {
    child.once("error", reject);
    child.once("exit", () => reject(new Error("The server of the bench has ended.")));
  });
  failed.catch(() => {
    // Whoever asks it something hears of it.
  });

  async function answer<Type extends ServerReply["type"]>(type: Type): Promise<Extract<ServerReply, { type: Type }>> {
    const [message] = (await Promise.race([once(child, "message"), failed])) as [ServerReply];
    if (message.type !== type) throw new Error(`The server of the bench said "${message.type}" and not "${type}".`);
    return message as Extract<ServerReply, { type: Type }>;
  }

  async function ask(command: ServerCommand): Promise<Extract<ServerReply, { type: "counts" }>> {
    child.send(command);
    return answer("counts");
  }

  const { port } = await answer("ready");
  return {
    url: `http://127.0.0.1:${port}`,
    version,
    async reset({ rttMs = 0 } = {}) {
      await ask({ type: "reset", rttMs });
    },
    counts: () => ask({ type: "count" }),
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null) return;
      const exited = once(child, "exit");
      child.kill();
      await exited;
    },
  };
}
