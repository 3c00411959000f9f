import { readFileSync } from "node:fs";

import type { Message, Settings } from "@qwen/core";
import { dialogueOf, promptOf } from "@qwen/core/gradio";
import type { GradioVersion } from "@qwen/local-spaces";

type Slots = Readonly<Record<string, unknown>>;

/** An app, and what it must be given. */
export interface ChatApp {
  readonly name: string;
  readonly versions: readonly GradioVersion[];
  /** What stands in its inputs when nothing is asked for them. */
  readonly slots: Slots;
  /** Whether earlier turns have a slot of their own. */
  readonly turns: "native" | "prompt";
  /** The slot of the system prompt. */
  readonly system: boolean;
  /** The slots of settings, each with the largest value it takes and the smallest. */
  readonly settings: Readonly<Partial<Record<keyof Settings, readonly [slot: string, min: number, max: number]>>>;
  /** How a picture is told. */
  readonly picture: ((slots: Slots) => Slots) | undefined;
  /** Whether its function is a generator, which stops where it is left. */
  readonly streams: boolean;
  /** What is asked, in the words that its app gets; the name of a function. */
  readonly options: Readonly<Record<string, unknown>>;
  /** What it thinks on the way to its answer. */
  readonly thought: string | undefined;
  /** What it says behind its answer. */
  readonly more: string;
}

const ALL: readonly GradioVersion[] = ["4.44", "5.50", "6.31"];
const LATER: readonly GradioVersion[] = ["5.50", "6.31"];

/** A PNG of 4 × 3 pixels, all of one red. */
export const PICTURE = readFileSync(new URL("apps/chats/dot.png", import.meta.url));

function app(name: string, given: Partial<ChatApp> = {}): ChatApp {
  return {
    name,
    versions: ALL,
    slots: { history: [] },
    turns: "native",
    system: false,
    settings: {},
    picture: undefined,
    streams: true,
    options: {},
    thought: undefined,
    more: "",
    ...given,
  };
}

/** The apps of `apps/chats`, but for those that are refused. */
export const CHAT_APPS: readonly ChatApp[] = [
  app("plain"),
  app("pairs", { streams: false }),
  app("extras", {
    slots: {
      history: [],
      system: "You are a friendly chatbot.",
      tokens: 512,
      temperature: 0.7,
      topP: 0.95,
      seed: 7,
      style: "short",
      careful: true,
      file: null,
      memory: "remembered",
    },
    system: true,
    settings: {
      maxOutputTokens: ["tokens", 1, 2048],
      temperature: ["temperature", 0.1, 4],
      topP: ["topP", 0.1, 1],
      seed: ["seed", -Infinity, Infinity],
    },
  }),
  app("named", { slots: { history: [], sampling: 50 } }),
  app("with-button", { slots: { history: [], pressed: "Press" }, streams: false }),
  app("multimodal", {
    slots: { history: [], files: [] },
    picture: (slots) => ({ ...slots, files: [`png ${PICTURE.subarray(0, 8).toString("hex")}`] }),
  }),
  app("unnamed", { versions: LATER }),
  app("more-outputs", { versions: LATER }),
  app("behind-login", {
    slots: { history: [], user: "ada" },
    options: { auth: { username: "ada", password: "secret" } },
  }),
  app("thinking", { thought: "Somebody says" }),
  app("titled", { versions: LATER, thought: "Hmm. Well.", more: "\n\nAnd so on." }),
  app("message-first"),
  app("chatbot-first", {
    slots: { history: [], system: "You are a pirate.", temperature: 1, tokens: 256 },
    system: true,
    settings: { maxOutputTokens: ["tokens", 16, 4096], temperature: ["temperature", 0, 2] },
    streams: false,
  }),
  app("state-beside", { slots: { memory: [] }, turns: "prompt" }),
  app("shown-only", { slots: { memory: [] }, turns: "prompt", streams: false }),
  app("crowded", {
    slots: { history: [], key: "", thoughts: true, system: "none", useSystem: false },
    system: true,
  }),
  app("with-files", { streams: false }),
  app("steps", {
    slots: { history: [], tokens: 100 },
    settings: { maxOutputTokens: ["tokens", 1, 1000] },
  }),
  app("steps-pairs", {
    slots: { history: [], tokens: 100 },
    settings: { maxOutputTokens: ["tokens", 1, 1000] },
  }),
  app("steps-state", {
    slots: { history: [], parameters: { tokens: 100, temperature: 0.5 } },
    settings: { maxOutputTokens: ["parameters.tokens", 1, 1000], temperature: ["parameters.temperature", 0, 2] },
  }),
  app("steps-history", { turns: "prompt" }),
  app("steps-slow"),
  app("text", { slots: {}, turns: "prompt", streams: false }),
  app("text-tuned", {
    slots: { tokens: 200, temperature: 0.7, topP: 0.9 },
    turns: "prompt",
    settings: {
      maxOutputTokens: ["tokens", -Infinity, Infinity],
      temperature: ["temperature", 0, 1.5],
      topP: ["topP", 0, 1],
    },
  }),
  app("hidden", { slots: { agent: true }, turns: "prompt", streams: false }),
  app("for-programs", {
    slots: { history: [], system: "Be brief.", temperature: 0.5 },
    system: true,
    settings: { temperature: ["temperature", -Infinity, Infinity] },
  }),
  app("picture-and-text", {
    slots: { picture: null },
    turns: "prompt",
    picture: (slots) => ({ ...slots, picture: [4, 3, [200, 30, 40]] }),
  }),
];

/** The slots that an app must be given for a request. */
export function slotsFor(
  chat: ChatApp,
  { messages, settings = {} }: { readonly messages: readonly Message[]; readonly settings?: Settings | undefined },
): Slots {
  const { system, turns, question } = dialogueOf(messages);
  const isNative = chat.turns === "native" && turns.length > 0;
  const unsaid = chat.system ? undefined : system;
  const said = chat.system ? messages.filter(({ role }) => role !== "system") : messages;
  const message = isNative ? (unsaid === undefined ? question : `${unsaid}\n\n${question}`) : promptOf(said);
  let slots: Slots = { ...chat.slots, message };
  if (isNative) {
    const history = turns.flatMap(([asked, answered]) => [
      ["user", asked],
      ["assistant", answered],
    ]);
    slots = { ...slots, history };
  }
  if (chat.system && system !== undefined)
    slots = { ...slots, system, ...("useSystem" in slots ? { useSystem: true } : {}) };
  for (const [name, [slot, min, max]] of Object.entries(chat.settings)) {
    const asked = settings[name as "temperature"];
    if (asked !== undefined) slots = placed(slots, slot.split("."), Math.min(max, Math.max(min, asked)));
  }
  return slots;
}

function placed(slots: Slots, [name = "", ...rest]: readonly string[], value: unknown): Slots {
  return { ...slots, [name]: rest.length === 0 ? value : placed(slots[name] as Slots, rest, value) };
}
