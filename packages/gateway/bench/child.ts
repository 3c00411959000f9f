import { type ChildProcess, fork, type ForkOptions } from "node:child_process";
import { once } from "node:events";

/** What a process of a measurement can be asked for. */
export type Answers = Readonly<Record<string, (argument: unknown) => unknown>>;

interface Question {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

interface Reply {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** Answers the process that has forked this one, and ends with it. */
export function answerParent(own: Answers): void {
  const answers: Answers = { ...COMMON, ...own };
  process.on("disconnect", () => process.exit());
  process.on("message", (question: Question) => {
    const { id, name, argument } = question;
    const answered = async (): Promise<unknown> => answers[name]?.(argument);
    answered().then(
      (value) => process.send?.({ id, value } satisfies Reply),
      (error: unknown) => process.send?.({ id, error: String(error) } satisfies Reply),
    );
  });
  process.send?.({ id: 0 } satisfies Reply);
}

const COMMON: Answers = {
  /** What it has spent so far, in ms. */
  cpuMs: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
  memory: () => {
    globalThis.gc?.();
    globalThis.gc?.();
    const { heapUsed, external, rss } = process.memoryUsage();
    return { held: heapUsed + external, rss } satisfies Memory;
  },
};

/** Of a process, in bytes, after a collection. */
export interface Memory {
  /** Heap, and what buffers hold beside it. */
  readonly held: number;
  readonly rss: number;
}

/** A process of a measurement. */
export class Child {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #asked = 0;

  private constructor(child: ChildProcess) {
    this.#process = child;
    child.on("message", ({ id, value, error }: Reply) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.resolve(value);
      else waiting?.reject(new Error(error));
    });
  }

  /** Starts a module of this folder, and resolves once it answers. */
  static async start(module: string, ...parameters: readonly string[]): Promise<Child> {
    return Child.#fork(new URL(module, import.meta.url), parameters);
  }

  /** Starts somebody else's script, before which a module of this folder is loaded that answers for it. It is silent. */
  static async startBehind(module: string, script: URL, ...parameters: readonly string[]): Promise<Child> {
    return Child.#fork(script, parameters, {
      execArgv: ["--import", new URL(module, import.meta.url).href],
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
  }

  static async #fork(script: URL, parameters: readonly string[], { execArgv = [], ...options }: ForkOptions = {}) {
    const own = ["--conditions=@qwen/source", "--expose-gc", ...execArgv];
    const child = fork(script, parameters, { ...options, execArgv: own });
    await once(child, "message");
    return new Child(child);
  }

  ask<Value>(name: string, argument?: unknown): Promise<Value> {
    const id = ++this.#asked;
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting.set(id, waiting);
    this.#process.send({ id, name, argument } satisfies Question);
    return waiting.promise as Promise<Value>;
  }

  stop(): void {
    this.#process.kill();
  }
}
