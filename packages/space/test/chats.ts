import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { createVenv, startSpace, type GradioVersion, type ServerProcess } from "@qwen/local-spaces";

const FOLDER = new URL("apps/chats/", import.meta.url);

/** All chat apps on one version of Gradio, in one process. */
export interface Chats {
  readonly server: ServerProcess;
  /** The address of one of them. */
  url(app: string): string;
  /** What an answer names: the slots that its app was given. */
  heard(answer: string): Promise<unknown>;
  /** How far a crawl got. */
  running(job: string): Promise<Readonly<Record<"started" | "steps" | "ended" | "after", number>>>;
}

/** Starts them. */
export async function startChats(version: GradioVersion): Promise<Chats> {
  const server = await startSpace(FOLDER, {
    requirements: requirementsOf(version),
    env: { PYTHONDONTWRITEBYTECODE: "1" },
  });
  return {
    server,
    url: (app) => `${server.url}/${app}/`,
    async heard(answer) {
      const name = /Heard as (\w+)/.exec(answer)?.[1];
      if (name === undefined) return answer;
      return JSON.parse(await (await fetch(`${server.url}/heard/${name}`)).text());
    },
    async running(job) {
      return (await (await fetch(`${server.url}/running/${job}`)).json()) as Awaited<ReturnType<Chats["running"]>>;
    },
  };
}

function requirementsOf(version: GradioVersion): string {
  return fileURLToPath(new URL(`requirements-${version}.txt`, FOLDER));
}

/** What the apps answer to "What is 2 + 2?" when Python's own client asks them, by hand; by app. */
export async function askByHand(version: GradioVersion, url: string): Promise<ReadonlyMap<string, string>> {
  const python = await createVenv(requirementsOf(version));
  const program = fileURLToPath(new URL("by_hand.py", FOLDER));
  const env = { PATH: process.env["PATH"], HF_HUB_OFFLINE: "1", PYTHONDONTWRITEBYTECODE: "1" };
  const { stdout } = await promisify(execFile)(python, [program, url], { env });
  const lines = stdout.split("\n").filter((line) => line.startsWith("{"));
  return new Map(
    lines.map((line) => {
      const { app, answer } = JSON.parse(line) as { readonly app: string; readonly answer: string };
      return [app, answer];
    }),
  );
}

/** What an app answers that was given these slots: see `hearing.py`. */
export function answerTo(slots: Readonly<Record<string, unknown>>): string {
  const name = createHash("sha256")
    .update(JSON.stringify(sorted(slots)))
    .digest("hex")
    .slice(0, 12);
  return `Heard as ${name}, dear friend.`;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, member]) => [name, sorted(member)]),
  );
}
