import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

import type { BundledFile } from "./bundle.ts";

/** The binary in its npm package. */
const { default: workerd }: { readonly default: string } = createRequire(import.meta.url)("workerd");

/** A worker that serves on this machine. */
export interface RunningWorker extends AsyncDisposable {
  /** Without a slash at the end. */
  readonly url: string;
  /** Calls what the program exports, with what can be written as JSON. */
  call(name: string, ...given: readonly unknown[]): Promise<unknown>;
  /** What it wrote so far. */
  output(): string;
}

/**
 * Serves a bundle, whose `program.js` has the handlers as its default export, by the runtime of Cloudflare's workers. It may ask hosts of
 * this machine.
 */
export async function startWorker(
  files: readonly BundledFile[],
  bindings: Readonly<Record<string, string>> = {},
): Promise<RunningWorker> {
  const folder = await mkdtemp(join(tmpdir(), "qwen-worker-"));
  for (const { name, text } of files) await writeFile(join(folder, name), text);
  const modules = files
    .toSorted((one) => (one.name === "program.js" ? -1 : 1))
    .map(({ name }) => `(name = "${name}", esModule = embed "${name}")`);
  const bound = Object.entries(bindings).map(([name, text]) => `(name = "${name}", text = ${JSON.stringify(text)})`);
  await writeFile(
    join(folder, "worker.capnp"),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "internet", network = (allow = ["local", "public"], tlsOptions = (trustBrowserCas = true))),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [${modules.join(", ")}],
  bindings = [${bound.join(", ")}],
  compatibilityDate = "2026-04-01",
);
`,
  );
  const child = spawn(workerd, ["serve", "worker.capnp", `--control-fd=${CONTROL}`], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (output += String(chunk)));
  const exit = once(child, "exit");
  const port = await portIn(child.stdio[CONTROL] as Readable);
  if (port === undefined) throw new Error(`workerd does not start:\n${output}`);
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    async call(name, ...given) {
      const response = await fetch(url, { method: "POST", body: JSON.stringify({ name, given }) });
      if (response.status !== 200) throw new Error(`${name}: ${response.status} ${await response.text()}\n${output}`);
      return response.json();
    },
    output: () => output,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exit;
      await rm(folder, { recursive: true });
    },
  };
}

/** Where it tells what it listens on. */
const CONTROL = 3;

/** The port that it was given, as it tells by itself: one that is looked for beforehand may be another server's by then. */
async function portIn(control: Readable): Promise<number | undefined> {
  for await (const line of createInterface(control)) {
    const { event, port }: { readonly event?: string; readonly port?: number } = JSON.parse(line);
    if (event === "listen") return port;
  }
  return undefined;
}
