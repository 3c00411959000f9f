import { qwenMax } from "@qwen/max";
import { space } from "@qwen/space";
import { type ContractCheck, knownAnswers, providerContract } from "@qwen/testing";

/** A Space in another process, on another origin, and where to ask what it sees. */
export interface ContractSpace {
  readonly plugin: "max" | "space";
  readonly url: string;
  /** Answers with the number of its requests, and of its jobs that are not over. */
  readonly counts: string;
}

const DOWN = "http://127.0.0.1:9";

const { fetch: platformFetch } = globalThis;
let fetches = 0;
globalThis.fetch = (...given) => {
  fetches += 1;
  return platformFetch(...given);
};

function checksOf({ plugin, url, counts }: ContractSpace): readonly ContractCheck[] {
  const create = (at: string) => (plugin === "max" ? qwenMax({ space: at }) : space(at, { id: "any" }));
  const count = async (name: string): Promise<number> => {
    const response = await platformFetch(counts);
    const all = (await response.json()) as Readonly<Record<string, number>>;
    return all[name] ?? Number.NaN;
  };
  return providerContract({
    create: () => create(url),
    createUnreachable: () => create(DOWN),
    service: {
      ...(plugin === "max" ? knownAnswers("max", "5.50.0") : knownAnswers("chat", "6.31.0")),
      requests: () => count("requests"),
      running: () => count("running"),
    },
  });
}

/** What a provider promises. */
export function namesOf(subject: ContractSpace): readonly string[] {
  return checksOf(subject).map(({ name }) => name);
}

/** Whether it keeps a promise: what is wrong otherwise, and how often `fetch` of the platform was called for it. */
export async function check(
  subject: ContractSpace,
  index: number,
): Promise<{ readonly problem?: string | undefined; readonly fetches: number }> {
  const before = fetches;
  try {
    await checksOf(subject)[index]?.run();
    return { fetches: fetches - before };
  } catch (error) {
    return { problem: String(error instanceof Error ? (error.stack ?? error) : error), fetches: fetches - before };
  }
}
