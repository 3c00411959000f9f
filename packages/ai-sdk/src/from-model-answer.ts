import type { LanguageModelV4, LanguageModelV4CallOptions } from "@ai-sdk/provider";
import type { FinishPart } from "@qwen/core";
import type { AnswerCall, CallSource } from "@qwen/core/http";
import { blamingCalls } from "./faulty-call.ts";
import type { FromLanguageModelOptions } from "./from-model-options.ts";
import { ModelParts } from "./from-model-parts.ts";
import type { Fetch } from "./from-model-prompt.ts";
import { unheard, writeCall } from "./from-model-request.ts";
import { ModelReading } from "./reading.ts";

/** Whom an answer is asked of. */
export interface AskedModel extends Pick<FromLanguageModelOptions, "id" | "prepare"> {
  readonly model: LanguageModelV4;
  /** Fetches what messages name, for models that do not fetch it themselves. */
  fetch(...of: [...Parameters<Fetch>, AnswerCall, AbortSignal]): ReturnType<Fetch>;
}

/** Asks for an answer, pushes its parts, and resolves with its `finish`. */
export async function answer(asked: AskedModel, call: AnswerCall): Promise<FinishPart> {
  const left = new AbortController();
  call.stop.addEventListener("abort", () => left.abort(call.stop.reason));
  const { id, prepare, model } = asked;
  // What is to be fetched and prepared takes time of the call, and none of the model's.
  const options = await writeCall(call.request, {
    id,
    prepare,
    model,
    signal: left.signal,
    fetch: (url) => asked.fetch(url, call, left.signal),
  });
  return new ModelAnswer(asked, call, { options, left }).run();
}

/** After so many parts that were all there already, timers get their turn. */
const PARTS_A_TURN = 1024;

/** One answer of a model, from its call to its end. Where the call pauses it, one part more is read at most. */
class ModelAnswer implements CallSource {
  readonly #call: AnswerCall;
  readonly #ended = Promise.withResolvers<FinishPart>();
  readonly #left: AbortController;
  readonly #parts: ModelParts;
  readonly #reading: ModelReading<LanguageModelV4CallOptions>;
  #state: "paused" | "reading" | "over" = "reading";
  #isWaiting = false;

  constructor(
    { id, model }: AskedModel,
    call: AnswerCall,
    { options, left }: { readonly options: LanguageModelV4CallOptions; readonly left: AbortController },
  ) {
    this.#call = call;
    this.#left = left;
    this.#parts = new ModelParts({
      provider: id,
      model: call.model.id,
      warnings: unheard(call.request.settings),
      push: call.push,
      output: () => call.clock.output(),
    });
    this.#reading = new ModelReading({
      modelId: model.modelId,
      options: () => options,
      ask: (asked) => blamingCalls(asked, async () => ({ opened: await model.doStream(asked) })),
    });
  }

  run(): Promise<FinishPart> {
    this.#call.follow(this);
    return this.#ended.promise;
  }

  start(): void {
    if (this.#state === "over") return;
    this.#call.clock.startPhase();
    void this.#read();
  }

  pause(): void {
    if (this.#state !== "reading") return;
    this.#state = "paused";
    this.#call.clock.pause();
  }

  resume(): void {
    if (this.#state !== "paused") return;
    this.#state = "reading";
    this.#call.clock.resume();
    void this.#read();
  }

  fail(error: unknown): void {
    if (this.#settle()) this.#ended.reject(error);
    // Also one that ended by itself: what it still works on is nobody's.
    this.#left.abort(error);
  }

  async #read(): Promise<void> {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    try {
      for (let read = 1; this.#state === "reading"; read++) {
        const { done, value } = await this.#reading.next();
        if (this.#isOver) return;
        // Of what is passed over nobody pauses it, and its clock is to have its turn.
        if (read % PARTS_A_TURN === 0) await new Promise((resolve) => setTimeout(resolve, 0));
        if (this.#isOver) return;
        if (done === true) throw this.#parts.ended();
        const finish = this.#parts.take(value);
        if (finish !== undefined && this.#settle()) this.#ended.resolve(finish);
      }
    } catch (error) {
      this.fail(this.#parts.failure(error));
    } finally {
      this.#isWaiting = false;
    }
  }

  // The compiler does not know that it may end while it waits.
  get #isOver(): boolean {
    return this.#state === "over";
  }

  #settle(): boolean {
    if (this.#state === "over") return false;
    this.#state = "over";
    this.#call.clock.stopPhase();
    void this.#reading.return();
    return true;
  }
}
