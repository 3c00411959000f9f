import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { setTimeout as delay } from "node:timers/promises";

import { beforeAll, describe, expect, test, vi } from "vitest";

import { askServer } from "./fixtures/ask-server.ts";
import { findPython } from "../src/python.ts";
import { startServer, type StartServerOptions } from "../src/server-process.ts";

let python: string;
beforeAll(async () => {
  python = (await findPython()).path;
});

describe("startServer", () => {
  test("resolves when the server answers, with its address, its process and its log", async () => {
    await using server = await startServer(options("ready"));
    expect((await fetch(server.url)).status).toBe(200);
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(isAlive(server.pid)).toBe(true);
    expect(server.log()).toContain("hello from the server");
  });

  test("is not deceived by another server that took the port first, asks it nothing, and starts on another port", async () => {
    let asked = 0;
    await using others = new AsyncDisposableStack();
    const ports: number[] = [];
    await using server = await startServer({
      ...options("ready"),
      args(port) {
        ports.push(port);
        if (ports.length === 1) {
          const other = createServer((_, response) => {
            asked += 1;
            response.end("I am somebody else.");
          }).listen(port, "127.0.0.1");
          others.defer(() => void other.close());
        }
        return [String(port), "ready"];
      },
    });
    expect(ports).toHaveLength(2);
    expect(server.url).toBe(`http://127.0.0.1:${ports[1]}`);
    expect(asked).toBe(0);
  });

  test("passes on neither proxies nor tokens", async () => {
    vi.stubEnv("HTTPS_PROXY", "http://127.0.0.1:9");
    vi.stubEnv("all_proxy", "http://127.0.0.1:9");
    vi.stubEnv("HF_TOKEN", "secret");
    await using server = await startServer({ ...options("ready"), env: () => ({ MINE: "1" }) });
    const { environment } = await askServer(server.url);
    expect(Object.keys(environment)).not.toContain("HF_TOKEN");
    expect(Object.keys(environment).filter((key) => /proxy/i.test(key))).toEqual([]);
    expect(environment.MINE).toBe("1");
    vi.unstubAllEnvs();
  });

  test("rejects at once, with the end of the log, when the process exits before it is ready", async () => {
    const begin = performance.now();
    await expect(startServer(options("broken"))).rejects.toThrow(
      /The test server ended before it was ready \(exit code 1\)[^]*it is broken/,
    );
    expect(performance.now() - begin).toBeLessThan(5_000);
  });

  test("rejects when the server is not ready in time, and leaves no process behind", async () => {
    await expect(startServer({ ...options("silent"), timeoutMs: 700 })).rejects.toThrow(
      /was not ready within 700 ms[^]*hello from the server/,
    );
  });

  test("rejects with the signal's reason when it is aborted while it starts", async () => {
    const controller = new AbortController();
    const started = startServer({ ...options("silent"), signal: controller.signal });
    setTimeout(() => controller.abort(new Error("changed my mind")), 300);
    await expect(started).rejects.toThrow("changed my mind");
  });

  test("stop() ends a process that ignores SIGTERM, and what it started, and may be called twice", async () => {
    const server = await startServer(options("stubborn"));
    const { grandchild } = await askServer(server.url);
    await Promise.all([server.stop(), server.stop()]);
    expect(isAlive(server.pid)).toBe(false);
    expect(await areGone([grandchild])).toBe(true);
  });
});

describe("a server nobody stopped", () => {
  test("ends with its parent when the parent is killed by SIGKILL", async () => {
    const { parent, pids } = await startParent("wait");
    parent.kill("SIGKILL");
    expect(await areGone(pids)).toBe(true);
  });

  test("ends with its parent on Ctrl-C", async () => {
    const { parent, pids } = await startParent("wait");
    parent.kill("SIGINT");
    expect(await areGone(pids)).toBe(true);
  });

  test("ends with its parent when the parent crashes", async () => {
    const { pids } = await startParent("crash");
    expect(await areGone(pids)).toBe(true);
  });

  test("does not keep its parent running", async () => {
    const { parent, pids } = await startParent("end");
    if (parent.exitCode === null) await new Promise((resolve) => parent.once("exit", resolve));
    expect(await areGone(pids)).toBe(true);
  });
});

function options(mode: string): StartServerOptions {
  return {
    name: "The test server",
    python,
    program: fileURLToPath(new URL("fixtures/server.py", import.meta.url)),
    args: (port) => [String(port), mode],
    cwd: import.meta.dirname,
    readyPath: "/",
  };
}

/** Starts a process that starts a server; `pids` are the server's process and one that the server started. */
async function startParent(then: "wait" | "crash" | "end"): Promise<{ parent: ChildProcess; pids: number[] }> {
  const program = fileURLToPath(new URL("fixtures/parent.ts", import.meta.url));
  const parent = spawn(process.execPath, [program, then], { stdio: ["ignore", "pipe", "ignore"] });
  const line = await new Promise<string>((resolve, reject) => {
    parent.stdout.setEncoding("utf8").once("data", resolve);
    parent.once("exit", () => reject(new Error("the parent ended without a word")));
  });
  return { parent, pids: JSON.parse(line) };
}

/** Resolves with whether all of them end within five seconds. */
async function areGone(pids: readonly number[]): Promise<boolean> {
  for (let tries = 0; tries < 50 && pids.some(isAlive); tries += 1) await delay(100);
  return !pids.some(isAlive);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // Dead, but not yet collected by whoever inherited it: where init is slow, that takes a while. macOS has no /proc.
    return !(existsSync("/proc/self/stat") && / Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8")));
  } catch {
    return false;
  }
}
