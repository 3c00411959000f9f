import { Collector, type AnswerTimes, type Completion } from "../completion.ts";
import { InvalidOutputError } from "../errors.ts";
import { Flow, type FlowMaker } from "../flow.ts";
import { GrowingText } from "../growing-text.ts";
import { InnerCall, type InnerCallOwner } from "../inner-call.ts";
import { leaving } from "../error-conversation.ts";
import { weightOfPart } from "../part-weight.ts";
import type { Provider, ProviderRequest } from "../provider.ts";
import type { FinishPart, ProviderPart, StreamPart } from "../part.ts";
import { snapshotOf } from "../snapshot.ts";
import type { Output } from "./output.ts";
import type { PartReader } from "./part-reader.ts";
import { providerParts, type RoutedPart } from "./provider-parts.ts";

/** A whole answer, and the object in it as its schema gave it. */
export type ObjectCompletion<Value> = Completion & { readonly object: Value };

/** What a schema made of an answer: a part between it and its `finish`, told by its class. */
class CheckedObject {
  readonly type = "object";
  readonly value: unknown;

  constructor(value: unknown) {
    this.value = value;
  }
}

/** Comes once the provider has said all, before the check. */
class AllSaid {
  readonly type = "answered";
}

/** How an answer is checked. */
export interface CheckOptions {
  readonly output: Output;
  /** What it goes on behind; empty where there is nothing. */
  readonly beginning: string;
}

/**
 * The answer of a provider, checked before its `finish` goes on. The time that a schema takes is not the provider's: its place
 * is given back before, no hedge is begun meanwhile, and only the total of the request bounds it.
 */
export class CheckedAnswer implements FlowMaker, InnerCallOwner {
  readonly flow = new Flow<RoutedPart>(this, weightOfPart);
  readonly #output: Output;
  readonly #call: InnerCall;
  readonly #beginning: string;
  readonly #text = new GrowingText();
  #isAnswered = false;

  /** Asks, but nothing comes before the flow is read. */
  constructor(provider: Provider, request: ProviderRequest, { output, beginning }: CheckOptions) {
    this.#output = output;
    this.#beginning = beginning;
    this.#call = new InnerCall(provider, request, this);
  }

  get isExcused(): boolean {
    return this.#call.isExcused;
  }

  start(): void {
    this.#call.begin();
  }

  pause(): void {
    this.#call.pause();
  }

  resume(): void {
    this.#call.resume();
  }

  leave(reason: unknown): void {
    this.#call.stop(reason);
  }

  over(): void {
    // The call has ended by itself, or was stopped.
  }

  took(part: ProviderPart): void {
    // First: what is no part is told in its words.
    if (providerParts.kind(part) === "output") this.#isAnswered = true;
    if (part.type === "text-delta") this.#text.append(part.text);
    else if (part.type === "text-replace") this.#text.replace(part.text);
    // One without any output is the empty answer that it always was.
    if (part.type === "finish" && this.#isAnswered) void this.#conclude(part);
    else this.flow.push(part);
  }

  ended(): void {
    this.flow.end();
  }

  failed(error: unknown): void {
    this.flow.fail(error);
  }

  async #conclude(finish: FinishPart): Promise<void> {
    this.flow.push(new AllSaid() as unknown as RoutedPart);
    try {
      const { value } = await this.#output.check(this.#text.whole(), {
        beginning: this.#beginning,
        reason: finish.reason,
      });
      this.flow.push(new CheckedObject(value) as unknown as RoutedPart);
      this.flow.push(finish);
      this.flow.end();
    } catch (error) {
      this.flow.fail(error instanceof InvalidOutputError ? leaving(error, finish.conversation) : error);
    }
  }
}

/** Hands the parts of answers to who watches them: copies, as the answer is made of the parts themselves. */
export function answerParts(onPart: (part: StreamPart) => void): (part: RoutedPart) => void {
  // They are what a stream hands out: only a last part is not, and that has been sealed when it comes here.
  return (part) => (isChecked(part) ? undefined : onPart(copied(part as StreamPart)));
}

/** Text stays as it is: one character may be in two parts of it, by halves. */
function copied(part: StreamPart): StreamPart {
  return "text" in part ? { ...snapshotOf({ ...part, text: "" }), text: part.text } : snapshotOf(part);
}

/** Reads the parts of checked answers. */
export const checkedParts: PartReader<RoutedPart, Completion> = {
  ...providerParts,
  kind(part) {
    if (isAllSaid(part)) return "answered";
    return isChecked(part) ? "opening" : providerParts.kind(part);
  },
  collect: () => new ObjectCollector(),
};

class ObjectCollector extends Collector {
  #object: unknown;

  override add(part: RoutedPart): void {
    const given: unknown = part;
    if (given instanceof CheckedObject) this.#object = given.value;
    else super.add(part);
  }

  override result(finish: RoutedPart, times: AnswerTimes): ObjectCompletion<unknown> {
    return { ...super.result(finish, times), object: this.#object };
  }
}

function isChecked(part: object): boolean {
  return part instanceof CheckedObject;
}

function isAllSaid(part: object): boolean {
  return part instanceof AllSaid;
}
