import type { StreamPart } from "@qwen/core";

import type { Ending } from "./accounts.ts";
import { Refusal } from "./refusal.ts";
import type { AnswerEvents } from "./answer-events.ts";
import type { Body } from "./wire/fields.ts";
import type { ResponseWriter } from "./wire/response-writer.ts";

/** What is made in the background. */
export interface RunOptions {
  readonly owner: string;
  readonly id: string;
  readonly writer: ResponseWriter;
  readonly events: AnswerEvents;
  readonly parts: AsyncIterator<StreamPart, undefined>;
  /** Ends the work. */
  stop(reason: Refusal): void;
  /** Keeps the response as it stands. */
  keep(): void;
  /** It is over, one way or another. Called once. */
  onEnd(ending: Ending): void;
}

/** How many one caller may have under way, and how much they may have said together, in characters, for one more to begin. */
const MOST_RUNNING = 100;
const MOST_CHARACTERS_RUNNING = 64 * 1024 * 1024;
/** What they may say until they end. */
const MOST_CHARACTERS_IN_ALL = 4 * MOST_CHARACTERS_RUNNING;

/** How many of those that are over can still be read as a stream, how large they may be together, and one of them, in characters. */
const MOST_OVER = 100;
const MOST_CHARACTERS_OVER = 32 * 1024 * 1024;
const MOST_CHARACTERS = 16 * 1024 * 1024;
/** Of that, what is told while it waits in a queue. */
const MOST_NEWS = 1024 * 1024;

/** The responses that are made in the background, and the last of those that were. */
export class BackgroundRuns {
  readonly #runs = new Map<string, BackgroundRun>();
  /** Of each caller, what it has under way. */
  readonly #underWay = new Map<string, UnderWay>();
  /** In the order they ended. */
  readonly #over = new Set<string>();

  /** Throws a {@link Refusal}, a 429, where the caller has too many under way, or what they have said so far is too much. */
  requireRoom(owner: string): void {
    const { count, characters } = this.#underWay.get(owner) ?? new UnderWay();
    if (count < MOST_RUNNING && characters < MOST_CHARACTERS_RUNNING) return;
    throw new Refusal({
      status: 429,
      code: "rate_limit_exceeded",
      message: `More than ${MOST_RUNNING} responses in the background at a time, or too long ones. Try again once one of them is over.`,
      headers: { "retry-after": "5" },
    });
  }

  begin(options: RunOptions): BackgroundRun {
    const { owner, id } = options;
    const key = keyOf(owner, id);
    const underWay = this.#underWay.get(owner) ?? new UnderWay();
    this.#underWay.set(owner, underWay);
    const run = new BackgroundRun(options, underWay, () => {
      if (underWay.count === 0) this.#underWay.delete(owner);
      this.#end(key);
    });
    this.#runs.set(key, run);
    return run;
  }

  find(owner: string, id: string): BackgroundRun | undefined {
    return this.#runs.get(keyOf(owner, id));
  }

  /** Forgets one, and ends it where it is not over. Whether there was one. */
  delete(owner: string, id: string): boolean {
    const key = keyOf(owner, id);
    const run = this.#runs.get(key);
    run?.forget();
    this.#over.delete(key);
    return this.#runs.delete(key);
  }

  #end(key: string): void {
    this.#over.add(key);
    for (const oldest of this.#over) {
      if (this.#over.size <= MOST_OVER && this.#sizeOver() <= MOST_CHARACTERS_OVER) return;
      this.#over.delete(oldest);
      this.#runs.delete(oldest);
    }
  }

  #sizeOver(): number {
    let size = 0;
    for (const key of this.#over) size += this.#runs.get(key)?.size ?? 0;
    return size;
  }
}

function keyOf(owner: string, id: string): string {
  return `${owner} ${id}`;
}

/** How many one caller has under way, and what they have said. */
class UnderWay {
  count = 0;
  characters = 0;
}

/** A response that is made whether anybody reads it or not. */
export class BackgroundRun {
  readonly #options: RunOptions;
  readonly #underWay: UnderWay;
  readonly #onOver: () => void;
  /** Its events, one each. The number of an event is its place. */
  readonly #events: string[] = [];
  #size = 0;
  /** Of that, what it began with: each time a response is told it repeats its request, which may be as large as a body. */
  readonly #begun: number;
  #isOver = false;
  #more = Promise.withResolvers<void>();

  constructor(options: RunOptions, underWay: UnderWay, onOver: () => void) {
    this.#options = options;
    this.#underWay = underWay;
    this.#onOver = onOver;
    underWay.count++;
    this.#say(options.events.waiting() ?? "");
    this.#begun = this.#size;
    // It is found from now on, by whichever process keeps it.
    options.keep();
    void this.#run();
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Of its events, in characters. */
  get size(): number {
    return this.#size;
  }

  /** The response as it stands. */
  get resource(): Body {
    return this.#options.writer.resource();
  }

  /** Its caller wants it no more. What was said is kept. */
  cancel(): void {
    if (this.#isOver) return;
    this.#say(this.#options.writer.cancel(cancelled()));
    this.#options.keep();
    this.#finish("cancelled");
    this.#options.stop(cancelled());
  }

  /** As if it had never been. */
  forget(): void {
    if (this.#isOver) return;
    this.#say(this.#options.writer.cancel(cancelled()));
    this.#finish("cancelled");
    this.#options.stop(cancelled());
  }

  /**
   * The next events from a number on, as soon as there are any: none where there will be no more, and `undefined` where nothing came for so
   * long.
   */
  async after(number: number, limitMs: number): Promise<readonly string[] | undefined> {
    const silence = Promise.withResolvers<"silence">();
    const timer = limitMs === Infinity ? undefined : setTimeout(() => silence.resolve("silence"), limitMs);
    try {
      while (number >= this.#events.length && !this.#isOver)
        if ((await Promise.race([this.#more.promise, silence.promise])) === "silence") return undefined;
    } finally {
      clearTimeout(timer);
    }
    return this.#events.slice(number, number + MOST_AT_ONCE);
  }

  async #run(): Promise<void> {
    const { parts, events } = this.#options;
    try {
      while (!events.isOver) {
        const { done, value: part } = await parts.next();
        if (this.#isOver) return;
        if (done === true) throw new Error("The parts of an answer ended without a finish.");
        if (part.type === "queue" && this.#size - this.#begun > MOST_NEWS) continue;
        this.#say(events.add(part));
        // What is whole is told already, and the request is repeated once more where the answer begins.
        if (!events.isOver && this.#isTooLong) throw tooLong();
      }
    } catch (error) {
      if (this.#isOver) return;
      this.#say(events.fail(error));
      this.#options.keep();
      this.#finish({ error });
    } finally {
      void parts.return?.();
      this.#finish("whole");
    }
  }

  get #isTooLong(): boolean {
    return this.#size > MOST_CHARACTERS + 2 * this.#begun || this.#underWay.characters > MOST_CHARACTERS_IN_ALL;
  }

  #finish(ending: Ending): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#underWay.count--;
    this.#underWay.characters -= this.#size;
    this.#more.resolve();
    this.#options.onEnd(ending);
    this.#onOver();
  }

  #say(text: string): void {
    if (text === "") return;
    this.#size += text.length;
    this.#underWay.characters += text.length;
    for (const event of text.split("\n\n")) if (event !== "") this.#events.push(`${event}\n\n`);
    const more = this.#more;
    this.#more = Promise.withResolvers();
    more.resolve();
  }
}

/** So many events are sent in one piece. */
const MOST_AT_ONCE = 64;

function cancelled(): Refusal {
  return new Refusal({ status: 409, code: "cancelled", message: "The response was cancelled." });
}

function tooLong(): Refusal {
  return new Refusal({ status: 502, code: "response_too_large", message: "The answer is longer than is kept." });
}
