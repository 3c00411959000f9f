import type { Target } from "./client.ts";

const SYSTEM = "You are a helpful assistant.";

/** The body of a join. */
export function joinBody({ version }: Target, prompt: string, session: string): string {
  return JSON.stringify({
    data: version === "5.50" ? [prompt, [], SYSTEM] : [prompt],
    session_hash: session,
    fn_index: 0,
    event_data: null,
    trigger_id: null,
  });
}

type Edit = readonly [operation: string, path: readonly (string | number)[], value: string];

interface Message {
  readonly msg: string;
  readonly output: { readonly data: readonly unknown[] };
}

/**
 * Reads a stream as fast as JavaScript can: splits it at blank lines, parses, hands out what was appended. It checks
 * nothing and knows one shape.
 */
export function createFloorReader(
  { version }: Target,
  onText: (text: string) => void,
): { feed(bytes: Uint8Array): void } {
  const decoder = new TextDecoder();
  const output = version === "5.50" ? 1 : 0;
  let rest = "";
  let first = true;

  function take(data: string): void {
    const message = JSON.parse(data) as Message;
    if (message.msg !== "process_generating") return;
    const value = message.output.data[output];
    if (!first) {
      onText((value as readonly [Edit])[0][2]);
      return;
    }
    first = false;
    onText(version === "5.50" ? (value as readonly [readonly [string, string]])[0][1] : (value as string));
  }

  return {
    feed(bytes) {
      const text = rest + decoder.decode(bytes, { stream: true });
      let start = 0;
      for (let end = text.indexOf("\n\n"); end !== -1; end = text.indexOf("\n\n", start)) {
        take(text.slice(start + 6, end));
        start = end + 2;
      }
      rest = text.slice(start);
    },
  };
}
