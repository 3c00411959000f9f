import { request, type ClientRequest } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

import { createRouter, type Plugin } from "@qwen/core";
import { space } from "@qwen/space";
import { createSpaceEmulator, type Job, type SpaceEmulator, type SpaceEmulatorOptions } from "@qwen/testing";

import { createGateway, type Router } from "../src/index.ts";
import { serveGateway, type ServedGateway } from "../src/node/index.ts";

/** Where a caller is when it leaves. */
export interface CancelWindow {
  readonly name: string;
  readonly emulator: SpaceEmulatorOptions;
  /** Calls of a provider at a time. */
  readonly maxConcurrent?: number | undefined;
  readonly stream: boolean;
  /** What core gives a job that has said nothing yet to end by itself before it is cancelled, in ms. */
  readonly graceMs?: number | undefined;
  /** Whether something else takes the only place meanwhile. */
  readonly isTaken?: boolean | undefined;
  /** Sends half of a body only. */
  readonly isHalf?: boolean | undefined;
  /** Waits for the first text before it leaves. */
  readonly readsText?: boolean | undefined;
}

const slow = { steps: Array.from({ length: 2000 }, () => "word "), delayMs: 5 };
const silent = { steps: ["late"], firstDelayMs: 60_000 };

export const WINDOWS: readonly CancelWindow[] = [
  { name: "while the body is being read", emulator: { answer: slow }, stream: true, isHalf: true },
  { name: "waiting for a place", emulator: { answer: silent }, stream: true, maxConcurrent: 1, isTaken: true },
  { name: "in the queue of the Space", emulator: { answer: silent, concurrencyLimit: 1 }, stream: true, isTaken: true },
  { name: "before the first output", emulator: { answer: silent }, stream: true, graceMs: 500 },
  { name: "in the middle of a stream", emulator: { answer: slow }, stream: true, readsText: true },
  { name: "while an answer is wanted whole", emulator: { answer: slow }, stream: false },
];

/** A gateway over emulated Spaces behind a socket, and callers who leave it. */
export class CancelStage {
  readonly spaces: readonly SpaceEmulator[];
  readonly #router: Router;
  readonly #served: ServedGateway;
  readonly #window: CancelWindow;
  readonly #isHedged: boolean;
  readonly #models: readonly string[];
  #callers = 0;

  private constructor(
    window: CancelWindow,
    isHedged: boolean,
    made: Pick<CancelStage, "spaces"> & {
      readonly router: Router;
      readonly served: ServedGateway;
      readonly models: readonly string[];
    },
  ) {
    this.#window = window;
    this.#isHedged = isHedged;
    this.spaces = made.spaces;
    this.#router = made.router;
    this.#served = made.served;
    this.#models = made.models;
  }

  static async open(window: CancelWindow, isHedged: boolean): Promise<CancelStage> {
    const { emulator, maxConcurrent } = window;
    const spaces = await Promise.all(
      Array.from({ length: isHedged ? 2 : 1 }, () =>
        createSpaceEmulator({ shape: "chat", version: "6.31.0", ...emulator }),
      ),
    );
    const providers = spaces.map(({ url }, index) => space(url, { id: `space-${index}` }));
    const models = providers.map(({ id, models: [model] }) => `${id}/${model.id}`);
    const plugins: readonly Plugin[] = providers;
    const limits = maxConcurrent === undefined ? undefined : { maxConcurrent };
    const router: Router = createRouter({ plugins, routes: { smart: models }, limits });
    const served = await serveGateway(createGateway({ router }), { port: 0, signals: [] });
    const stage = new CancelStage(window, isHedged, { spaces, router, served, models });
    if (window.isTaken === true) await stage.#takePlaces();
    // What a first call has to find out is found out.
    else await stage.leave(100);
    return stage;
  }

  /** One caller, who leaves after so long. How long it took then until no job of its own was left, in ms. */
  async leave(afterMs: number): Promise<number> {
    const { isHalf = false, readsText = false } = this.#window;
    const words = `Hi, I am ${++this.#callers}.`;
    const call = this.#call({ isHalf, words });
    if (readsText) await firstText(call);
    await sleep(afterMs);
    const leftAt = performance.now();
    call.destroy();
    // Some jobs begin behind the back of who has left, as its request was on its way.
    while (this.#isUnderWay(words)) await sleep(1);
    return performance.now() - leftAt;
  }

  #isUnderWay(words: string): boolean {
    return this.#jobs.some(({ state, data }) => isOpen(state) && JSON.stringify(data).includes(words));
  }

  get #jobs(): readonly Job[] {
    return this.spaces.flatMap(({ jobs }) => jobs);
  }

  /** Calls of the router's that have a place or wait for one, besides those that only take places. */
  get #calls(): number {
    const taken = this.#window.isTaken === true ? this.spaces.length : 0;
    return this.#router.health().reduce((all, { busy, waiting }) => all + busy + waiting, -taken);
  }

  /** Ends all, and says what was left open. */
  async close(): Promise<readonly string[]> {
    const left = [];
    if (!(await settles(() => this.#calls === 0))) left.push(`${this.#calls} calls at the router`);
    await this.#served.close({ drainMs: 0 });
    await this.#router.close();
    const hasEnded = (): boolean => !this.#jobs.some(({ state }) => isOpen(state));
    if (!(await settles(hasEnded))) left.push(`jobs: ${this.#jobs.map(({ state }) => state).join(", ")}`);
    for (const one of this.spaces) {
      if (!(await settles(() => one.sockets === 0))) left.push(`${one.sockets} sockets`);
      await one.close();
    }
    return left;
  }

  /** Asks each Space once, for as long as the stage is open. */
  async #takePlaces(): Promise<void> {
    for (const index of this.spaces.keys()) {
      this.#call({ model: this.#models[index], stream: true, words: "I stay." });
      await settles(() => this.spaces[index]?.jobs.length === 1);
    }
  }

  #call({ isHalf = false, model = "smart", stream = this.#window.stream, words = "" }: CallOptions): ClientRequest {
    const body = JSON.stringify({ model, stream, messages: [{ role: "user", content: words }] });
    const headers = {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
      ...(this.#isHedged && model === "smart" && { "x-qwen-hedge-ms": "1" }),
    };
    const call = request(`${this.#served.url}/v1/chat/completions`, { method: "POST", headers, agent: false });
    // It breaks off, which is what is wanted.
    call.on("error", () => {});
    if (isHalf) call.write(body.slice(0, 20));
    else call.end(body);
    return call;
  }
}

interface CallOptions {
  readonly isHalf?: boolean | undefined;
  readonly model?: string | undefined;
  readonly stream?: boolean | undefined;
  readonly words?: string | undefined;
}

const isOpen = (state: Job["state"]): boolean => state === "queued" || state === "running";

async function settles(is: () => boolean): Promise<boolean> {
  for (let tries = 0; !is() && tries < 300; tries++) await sleep(10);
  return is();
}

/** Resolves with the first text of a stream, which goes on. */
function firstText(call: ClientRequest): Promise<void> {
  return new Promise((resolve) => {
    call.once("response", (response) => {
      let text = "";
      response.on("error", () => {});
      response.on("data", (chunk: Buffer) => {
        text += chunk.toString();
        if (text.includes('"content":"word')) resolve();
      });
    });
  });
}
