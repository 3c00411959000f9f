import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

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
  const port = await freePort();
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
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [${modules.join(", ")}],
  bindings = [${bound.join(", ")}],
  compatibilityDate = "2026-04-01",
);
`,
  );
  const child = spawn(workerd, ["serve", "worker.capnp"], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += String(chunk)));
  const exit = once(child, "exit");
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; ; tries += 1) {
    const answered = await fetch(`${url}/ready`).then(
      (response) => response.text(),
      () => undefined,
    );
    if (answered !== undefined) break;
    if (child.exitCode !== null || tries > 200) throw new Error(`workerd does not start:\n${output}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
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

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
