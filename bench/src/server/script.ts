/** What a prompt asks for. */
export interface Script {
  readonly deltas: number;
  /** Between two deltas; 0 is as fast as the client reads. */
  readonly intervalMs: number;
  /** The token at an index: eight characters, the same for every client. */
  token(index: number): string;
}

/**
 * Reads a prompt. `script:long CHARACTERS STEPS` is what the real apps know too: "0000000.0000001.…". `script:paced STEPS
 * MS` says in each token when it was sent, for {@link sentAtMicroseconds}.
 */
export function parseScript(prompt: string): Script {
  const [, name, first, second] = /script:(\w+) (\d+) (\d+)/.exec(prompt) ?? [];
  if (name === "paced") return { deltas: Number(first), intervalMs: Number(second), token: timestamp };
  return { deltas: Number(second ?? 1), intervalMs: 0, token: (index) => `${String(index).padStart(7, "0")}.` };
}

function timestamp(): string {
  return (process.hrtime.bigint() / 1000n).toString(36).padStart(8, "0").slice(-8);
}

/** When a token of a paced answer was sent, on the clock that all processes of a machine share. */
export function sentAtMicroseconds(token: string): number {
  return Number.parseInt(token, 36);
}
