import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { setTimeout as delay } from "node:timers/promises";

import { freePort } from "./free-port.ts";

/** An HTTP server in a process of its own, ready to be asked. */
export interface ServerProcess extends AsyncDisposable {
  /** On 127.0.0.1, without a slash at the end. */
  readonly url: string;

  readonly pid: number;

  /** The last 64 KB of what the process printed, both outputs together. */
  log(): string;

  /**
   * Ends the process and everything it started: asks it to stop, and kills it where it is still there two seconds later.
   *
   * Resolves once it is gone; may be called any number of times. Not calling it leaves nothing behind either: the process
   * ends with the one that started it, even if that one is killed, and never keeps it running.
   */
  stop(): Promise<void>;
}

/** Options of {@link startServer}. */
export interface StartServerOptions {
  /** What messages call it. */
  readonly name: string;

  /** The Python interpreter that runs `program`. */
  readonly python: string;

  /** Path of a Python file. Once it listens, it prints its address, or at least its port behind a colon. */
  readonly program: string;

  readonly args?: ((port: number) => readonly string[]) | undefined;

  /** Added to the few variables that the process gets from ours; proxies and credentials are not among these. */
  readonly env?: ((port: number) => NodeJS.ProcessEnv) | undefined;

  /** The folder it runs in. */
  readonly cwd: string;

  /** The path that answers with 200 or 401 once the server is ready. */
  readonly readyPath: string;

  /**
   * How long to wait until it is ready, in milliseconds.
   *
   * @defaultValue 60_000
   */
  readonly timeoutMs?: number | undefined;

  /** Stops it while it starts; the promise then rejects with the signal's reason. Has no effect on a ready server. */
  readonly signal?: AbortSignal | undefined;
}

const launcher = fileURLToPath(new URL("../python/launch.py", import.meta.url));
const logSize = 64 * 1024;
const pollMs = 100;
const stopMs = 2_000;

// An allow list: the server is to see neither a proxy that would stand between it and 127.0.0.1, nor tokens, nor
// settings of another Python.
const inherited = [
  "PATH",
  "HOME",
  "USER",
  "TMPDIR",
  "TZ",
  "LANG",
  "LC_ALL",
  "LC_CTYPE",
  "LD_LIBRARY_PATH",
  "DYLD_LIBRARY_PATH",
  "DYLD_FALLBACK_LIBRARY_PATH",
];

/**
 * Starts a Python program that serves HTTP on a free port of 127.0.0.1 and resolves when it answers.
 *
 * Nothing is asked before the program says that it listens: until then, whoever answers on that port is somebody else.
 *
 * Rejects with the end of its log if it exits first or is not ready in time; it is gone then.
 */
export async function startServer(options: StartServerOptions): Promise<ServerProcess> {
  // Somebody else may take a free port before the program does, so a lost race is run again.
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const server = spawnServer(port, options);
    try {
      await untilReady(server, options);
      return server;
    } catch (error) {
      await server.stop();
      const portTaken = /address already in use|Cannot find empty port|couldn't bind/i.test(server.log());
      if (!portTaken || attempt === 3 || options.signal?.aborted) throw error;
    }
  }
}

/** A {@link ServerProcess} that may not be ready yet, or has exited. */
interface SpawnedServer extends ServerProcess {
  /** The exit code or the signal's name, once it has exited. */
  exit(): string | undefined;
}

function spawnServer(port: number, { python, program, args, env, cwd }: StartServerOptions): SpawnedServer {
  const ours = inherited.flatMap((key) => {
    const value = process.env[key];
    return value === undefined ? [] : [[key, value]];
  });
  const child = spawn(python, [launcher, program, ...(args?.(port) ?? [])], {
    cwd,
    env: { ...Object.fromEntries(ours), PYTHONUNBUFFERED: "1", PYTHONUTF8: "1", ...env?.(port) },
    // The launcher ends when its standard input closes, which the system does when our process ends.
    stdio: ["pipe", "pipe", "pipe"],
    // A process group of its own: it can be killed as a whole, and Ctrl-C reaches us first.
    detached: true,
  });

  let log = "";
  let exit: string | undefined;
  const exited = new Promise<void>((resolve) => {
    const end = (reason: string) => {
      exit ??= reason;
      resolve();
    };
    child.once("error", (error) => end(error.message));
    child.once("exit", (code, signal) => end(signal ?? `exit code ${code}`));
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      log = (log + text).slice(-logSize);
    });
  }
  child.stdin.on("error", () => undefined);
  releaseEventLoop(child);

  const stop = async () => {
    const kill = (signal: NodeJS.Signals) => {
      if (exit !== undefined || child.pid === undefined) return;
      try {
        process.kill(-child.pid, signal);
      } catch {
        child.kill(signal);
      }
    };
    kill("SIGTERM");
    const giveUp = setTimeout(() => kill("SIGKILL"), stopMs);
    // The child itself does not keep the event loop running, so this timer does while we wait.
    const wait = setInterval(() => undefined, 1_000);
    await exited;
    clearTimeout(giveUp);
    clearInterval(wait);
    child.stdin.destroy();
  };

  return {
    url: `http://127.0.0.1:${port}`,
    pid: child.pid ?? 0,
    log: () => log,
    exit: () => exit,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** A server nobody stopped must not keep our process from ending. */
function releaseEventLoop(child: ChildProcess): void {
  child.unref();
  for (const stream of [child.stdin, child.stdout, child.stderr]) {
    if (stream !== null && "unref" in stream && typeof stream.unref === "function") stream.unref();
  }
}

async function untilReady(
  server: SpawnedServer,
  { name, readyPath, timeoutMs = 60_000, signal }: StartServerOptions,
): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (true) {
    signal?.throwIfAborted();
    const exit = server.exit();
    if (exit !== undefined) throw new Error(`${name} ended before it was ready (${exit}).${tail(server)}`);
    if (listens(server) && (await answers(`${server.url}${readyPath}`))) return;
    if (performance.now() > end) {
      throw new Error(`${name} was not ready within ${timeoutMs} ms.${tail(server)}`);
    }
    await delay(pollMs);
  }
}

function listens({ url, log }: SpawnedServer): boolean {
  return log().includes(`:${new URL(url).port}`);
}

async function answers(url: string): Promise<boolean> {
  try {
    const headers = { connection: "close" };
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(2_000) });
    await response.body?.cancel();
    // 401: an app with a login is ready when it asks for it.
    return response.status === 200 || response.status === 401;
  } catch {
    return false;
  }
}

function tail(server: SpawnedServer): string {
  const log = server.log().trimEnd();
  return log === "" ? " It printed nothing." : ` Its log ends with:\n${log.slice(-2_000)}`;
}
