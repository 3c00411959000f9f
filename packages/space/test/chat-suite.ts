import { createRouter, type Message, type ProviderRequest, type Settings } from "@qwen/core";
import type { GradioVersion } from "@qwen/local-spaces";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { shareOf } from "../../../test/share.ts";
import { space } from "../src/index.ts";
import { CHAT_APPS, PICTURE, slotsFor, type ChatApp } from "./chat-apps.ts";
import { hear, type Told } from "./hearing.ts";
import { answerTo, askByHand, startChats, type Chats } from "./chats.ts";

const QUESTION: Message = { role: "user", content: "What is 2 + 2?" };
const TURNS: readonly Message[] = [
  { role: "user", content: "Hi" },
  { role: "assistant", content: "Hello!" },
  { role: "user", content: "And who are you?" },
  { role: "assistant", content: "Nobody.\n\nNobody at all." },
];
const ODD = `"quotes", \\back\\slashes\\, <b>tags</b>, {{braces}} $1 %s ü 漢字 🤖👩‍👩‍👧 \u2028 e\u0301 & &amp; \`\`\` end`;
const IN_RANGE: Settings = { maxOutputTokens: 64, temperature: 0.6, topP: 0.5, seed: 3 };
const OUT_OF_RANGE: Settings = { maxOutputTokens: 1_000_000, temperature: 9, topP: 0.01, seed: 4_000_000_000 };

type Provider = ReturnType<typeof space>;

/** What every app is asked. */
const ASKED: readonly {
  readonly name: string;
  ask(chat: ChatApp, made: { readonly provider: Provider; readonly chats: Chats }): Promise<unknown>;
}[] = [
  { name: "a question", ask: (chat, made) => isRight(chat, made, { messages: [QUESTION] }) },
  { name: "two turns before", ask: (chat, made) => isRight(chat, made, { messages: [...TURNS, QUESTION] }) },
  {
    name: "a system prompt",
    ask: (chat, made) => isRight(chat, made, { messages: [{ role: "system", content: "Be kind." }, QUESTION] }),
  },
  {
    name: "settings",
    async ask(chat, made) {
      const told = await isRight(chat, made, { messages: [QUESTION], settings: IN_RANGE });
      expect(told.warned.toSorted()).toEqual(
        Object.keys(IN_RANGE)
          .filter((name) => !(name in chat.settings))
          .toSorted(),
      );
    },
  },
  {
    name: "settings out of range",
    async ask(chat, made) {
      const { warned } = await isRight(chat, made, { messages: [QUESTION], settings: OUT_OF_RANGE });
      const changed = Object.entries(OUT_OF_RANGE).filter(([name, value]) => {
        const [, min, max] = chat.settings[name as keyof Settings] ?? ["", Infinity, -Infinity];
        return value < min || value > max;
      });
      expect(warned.toSorted()).toEqual(changed.map(([name]) => name).toSorted());
    },
  },
  { name: "odd characters", ask: (chat, made) => isRight(chat, made, { messages: [{ role: "user", content: ODD }] }) },
  { name: "a picture", ask: askWithPicture },
  {
    name: "six at once",
    async ask(chat, made) {
      const numbers = [1, 2, 3, 4, 5, 6];
      await Promise.all(
        numbers.map((number) => isRight(chat, made, { messages: [{ role: "user", content: `Number ${number}?` }] })),
      );
    },
  },
  { name: "stopped", ask: askAndStop },
  {
    name: "failing",
    async ask(_, { provider }) {
      const failing = hear(provider, { messages: [{ role: "user", content: "please fail" }] });
      await expect(failing).rejects.toMatchObject({ code: "space_error", message: "The model gave up." });
    },
  },
];

/** Asks every app of one version everything, or a share of it, and prints what was right. */
export function testChats(version: GradioVersion): void {
  const apps = CHAT_APPS.filter(({ versions }) => versions.includes(version));
  const cells = apps.flatMap((chat) => ASKED.map((asked) => ({ chat, asked })));
  const isOn = shareOf(["4.44", "5.50", "6.31"], 1 / 3).includes(version);
  const chosen = isOn ? shareOf(cells, 0.12) : [];
  describe.runIf(isOn)(`the chats of Gradio ${version}`, () => {
    let chats: Chats;
    const right = new Map<string, boolean>();
    beforeAll(async () => {
      chats = await startChats(version);
    });
    afterAll(async () => {
      await chats.server.stop();
      console.log(tableOf(apps, right));
    });

    for (const { chat, asked } of chosen) {
      test(`${chat.name} answers ${asked.name}`, async () => {
        const key = `${chat.name} ${asked.name}`;
        right.set(key, false);
        const provider = space(chats.url(chat.name), { id: "chat", ...chat.options });
        await asked.ask(chat, { provider, chats });
        await provider.close?.();
        right.set(key, true);
      });
    }

    test.runIf(process.env["TEST_ALL"] === "1")(
      "Python's own client, called by hand, is answered the same",
      async () => {
        const answers = await askByHand(version, chats.server.url);
        expect(answers.size).toBe(20);
        for (const chat of apps.filter(({ name }) => answers.has(name))) {
          const slots = slotsFor(chat, { messages: [QUESTION] });
          const expected = answerTo(chat.name === "picture-and-text" ? (chat.picture?.(slots) ?? slots) : slots);
          expect.soft(answers.get(chat.name), chat.name).toContain(expected);
        }
      },
    );

    test("what cannot be told is asked right once its caller says it", async () => {
      const second = space(chats.url("two-chats"), { id: "chat", endpoint: "chat_two" });
      expect(await hear(second, { messages: [QUESTION] })).toMatchObject({ text: "two" });
      const compared = space(chats.url("several-texts"), {
        id: "chat",
        inputs: { Right: "message", Left: { value: "left" } },
      });
      expect(await hear(compared, { messages: [QUESTION] })).toMatchObject({
        text: `left ${QUESTION.content as string}`,
      });
      const captioned = space(chats.url("picture-alone"), { id: "chat" });
      const content = [{ type: "image", image: PICTURE } as const];
      const told = await hear(captioned, { messages: [{ role: "user", content }] });
      expect(told.text).toBe(answerTo({ picture: [4, 3] }));
      await expect(hear(captioned, { messages: [QUESTION] })).rejects.toMatchObject({ code: "unsupported" });
    });

    test("early streams are answered the same", async () => {
      const steps = space(chats.url("steps-slow"), { id: "chat", earlyStream: true });
      for (const content of ["one", "two", "three"]) {
        const told = await hear(steps, { messages: [{ role: "user", content }] });
        expect(told.text).toBe(answerTo({ message: content, history: [] }));
      }
      await steps.close?.();
    });

    for (const name of ["two-chats", "no-chat", "several-texts", "rendered"]) {
      test(`${name} is refused before anything is asked, and a route goes on`, async () => {
        const provider = space(chats.url(name), { id: "chat" });
        await expect(hear(provider, { messages: [QUESTION] })).rejects.toMatchObject({ code: "unsupported" });
        const plain = space(chats.url("plain"), { id: "plain" });
        await using router = createRouter({ plugins: [provider, plain], routes: { any: ["chat", "plain"] } });
        const answer = await router.complete({ model: "any", messages: [QUESTION] });
        expect(answer.text).toBe(answerTo({ message: QUESTION.content, history: [] }));
      });
    }
  });
}

/** Asks, and expects the answer of an app that was given what it must be. */
async function isRight(
  chat: ChatApp,
  { provider, chats }: { readonly provider: Provider; readonly chats: Chats },
  { picture, ...request }: ProviderRequest & { readonly picture?: ChatApp["picture"] },
): Promise<Told> {
  const told = await hear(provider, request);
  const slots = slotsFor(chat, request);
  const expected = picture === undefined ? slots : picture(slots);
  if (told.text !== answerTo(expected) + chat.more) expect(await chats.heard(told.text)).toEqual(expected);
  expect(told.text).toBe(answerTo(expected) + chat.more);
  if (chat.thought === undefined) expect(told.thought).toBe("");
  else expect(told.thought).toContain(chat.thought);
  if (chat.name === "with-files") expect(told.files).toEqual([expect.stringMatching(/\/file=.*dot\.png$/)]);
  return told;
}

async function askWithPicture(
  chat: ChatApp,
  made: { readonly provider: Provider; readonly chats: Chats },
): Promise<void> {
  const content = [
    { type: "text", text: "What is it?" },
    { type: "image", image: PICTURE },
  ] as const;
  const request = { messages: [{ role: "user", content }] } as const;
  if (chat.picture !== undefined) await isRight(chat, made, { ...request, picture: chat.picture });
  else await expect(hear(made.provider, request)).rejects.toMatchObject({ code: "unsupported" });
}

async function askAndStop(
  chat: ChatApp,
  { provider, chats }: { readonly provider: Provider; readonly chats: Chats },
): Promise<void> {
  const job = `${chat.name}-${Math.random().toString(36).slice(2)}`;
  const stop = new AbortController();
  const asked = hear(provider, {
    messages: [{ role: "user", content: `please crawl ${job} now` }],
    signal: stop.signal,
  });
  while ((await chats.running(job)).steps < 2) await pause(20);
  stop.abort(new Error("enough"));
  await expect(asked).rejects.toThrow("enough");
  if (!chat.streams) return;
  await provider.close?.();
  const { steps } = await chats.running(job);
  await pause(150);
  // One that was under way may still end.
  expect((await chats.running(job)).steps).toBeLessThanOrEqual(steps + 1);
}

function tableOf(apps: readonly ChatApp[], right: ReadonlyMap<string, boolean>): string {
  const head = ASKED.map(({ name }, index) => `${index + 1} ${name}`).join(", ");
  const rows = apps.map(({ name }) => {
    const marks = ASKED.map(
      (asked) => ({ true: "✓", false: "✗", undefined: "·" })[`${right.get(`${name} ${asked.name}`)}`],
    );
    return `${name.padEnd(18)} ${marks.join(" ")}`;
  });
  return [head, `${"".padEnd(18)} ${ASKED.map((_, index) => (index + 1) % 10).join(" ")}`, ...rows].join("\n");
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
