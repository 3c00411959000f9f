import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";

import { startSpace, type GradioVersion, type ServerProcess } from "@qwen/local-spaces";

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
  const folder = new URL("apps/chats/", import.meta.url);
  const server = await startSpace(folder, {
    requirements: fileURLToPath(new URL(`requirements-${version}.txt`, folder)),
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
