import { QwenError, type Message } from "@qwen/core";
import {
  dialogueOf,
  imagesOf,
  promptOf,
  textOf,
  type AnsweringSession,
  type Dialogue,
  type FileData,
  type SpaceRequest,
} from "@qwen/core/gradio";

import { SpaceReader } from "./answer-reader.ts";
import type { Course } from "./candidate.ts";
import { chatValue, messagesOf } from "./chat-value.ts";
import { initialValue } from "./initial-value.ts";
import { list, type Component, type PageFunction } from "./page.ts";
import { newestPictures, uploadPicture } from "./picture.ts";
import type { Plan } from "./plan.ts";
import { isMultimodal, isState } from "./role.ts";
import { writeSettings } from "./setting-value.ts";

/**
 * Answers a request as the page would: in one session it runs what the page runs up to the answer, each value where the page
 * would have it. Nothing is run after the answer.
 */
export async function play(request: SpaceRequest, session: AnsweringSession, plan: Plan): Promise<void> {
  await new Playing(session, plan).run(request);
}

/** One request on its way through the page. */
class Playing {
  readonly #session: AnsweringSession;
  readonly #plan: Plan;
  /** What stands in each component, by its id, where that is not what the page begins with. */
  readonly #values: Map<unknown, unknown>;

  constructor(session: AnsweringSession, plan: Plan) {
    this.#session = session;
    this.#plan = plan;
    this.#values = new Map(plan.fixed);
  }

  async run({ messages, settings }: SpaceRequest): Promise<void> {
    const plan = this.#plan;
    const { warn } = this.#session;
    const pictures = newestPictures(messages, { input: plan.image, warn });
    writeSettings(settings, { plan, values: this.#values, warn });
    const course = this.#say(messages);
    const files: FileData[] = [];
    for (const picture of pictures) files.push(await uploadPicture(picture, this.#session));
    this.#show(files);
    if (plan.history.kind === "setter" && this.#values.has(plan.history.chatbot.id))
      await this.#step(plan.history.setter);
    const shown = course.answer.outputs[course.output];
    const standing = (): unknown =>
      shown !== undefined && course.answer.inputs.includes(shown) ? this.#valueOf(shown) : undefined;
    // As it is before the first step: an earlier one than the last may answer, and the last give that on.
    // Where nothing went, an app may have in a State what its page shows.
    const before = [standing(), shown?.value].find((one) => list(one).length > 0);
    const asked = this.#valueOf(this.#plan.message);
    for (const step of course.before) await this.#step(step);
    const reader = new SpaceReader({
      output: course.output,
      isChat: shown?.type === "chatbot",
      before,
      asked,
      standing: standing(),
      fileUrl: (path) => this.#session.fileUrl(path),
    });
    await this.#session.follow(course.answer, this.#inputsOf(course.answer), reader);
  }

  /** Puts words where they go, and says which functions are to be run. */
  #say(messages: readonly Message[]): Course {
    const { history, message, system: slot, systemSwitch } = this.#plan;
    const { system, turns, question } = dialogueOf(messages);
    if (slot !== undefined && system !== undefined) {
      this.#values.set(slot.id, system);
      if (systemSwitch !== undefined) this.#values.set(systemSwitch.id, true);
    }
    if (history.kind === "none") {
      if (!messages.some((one) => imagesOf(one).length > 0))
        throw new QwenError("unsupported", "The Space takes a picture alone. Send one with the question.");
      if (messages.some((one) => textOf(one).trim() !== ""))
        this.#session.warn({ feature: "text", message: "The Space takes a picture alone: the words were not sent." });
      return this.#plan.course;
    }
    const native = history.kind !== "prompt" && turns.length > 0;
    if (native) this.#remember(turns);
    const unsaid = slot === undefined ? system : undefined;
    const text = native
      ? withSystem(question, unsaid)
      : promptOf(slot === undefined ? messages : withoutSystem(messages));
    this.#values.set(message.id, isMultimodal(message) ? { text, files: [] } : text);
    return native && history.kind === "page" ? history.course : this.#plan.course;
  }

  #remember(turns: Dialogue["turns"]): void {
    const { history, major } = this.#plan;
    if (history.kind === "json") this.#values.set(history.input.id, messagesOf(turns));
    else if ("chatbot" in history)
      this.#values.set(history.chatbot.id, chatValue(turns, { chatbot: history.chatbot, major }));
  }

  #show(files: readonly FileData[]): void {
    const { image, message } = this.#plan;
    const [first] = files;
    if (image === undefined || first === undefined) return;
    if (image !== message || !isMultimodal(message)) this.#values.set(image.id, first);
    else this.#values.set(message.id, { ...(this.#values.get(message.id) as object), files });
  }

  /** Runs a function before the answer, and puts what it gives where the page would. */
  async #step(step: PageFunction): Promise<void> {
    const outputs = await this.#session.run(step, this.#inputsOf(step));
    for (const [index, component] of step.outputs.entries()) {
      const value = outputs[index];
      const isKept = isState(component) || this.#plan.fixed.has(component.id);
      if (value !== undefined && !isKept) this.#values.set(component.id, value);
    }
  }

  #inputsOf({ inputs }: PageFunction): readonly unknown[] {
    return inputs.map((one) => this.#valueOf(one));
  }

  #valueOf(one: Component): unknown {
    return this.#values.has(one.id) ? this.#values.get(one.id) : initialValue(one);
  }
}

function withSystem(question: string, system: string | undefined): string {
  return system === undefined || system === "" ? question : `${system}\n\n${question}`;
}

function withoutSystem(messages: readonly Message[]): readonly Message[] {
  return messages.filter(({ role }) => role !== "system" && role !== "developer");
}
