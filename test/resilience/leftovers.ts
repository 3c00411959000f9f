import { setTimeout as sleep } from "node:timers/promises";

/** What keeps this process busy, by kind: timers, sockets, servers. */
export function resources(): Readonly<Record<string, number>> {
  const counts: Record<string, number> = { Timeout: 0, TCPSocketWrap: 0, TCPServerWrap: 0 };
  for (const resource of process.getActiveResourcesInfo())
    if (resource in counts) counts[resource] = (counts[resource] ?? 0) + 1;
  return counts;
}

/** How many more resources there are than before. */
export function addedResources(before: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(resources()).map(([kind, count]) => [kind, Math.max(0, count - (before[kind] ?? 0))]),
  );
}

/** The counts that are not 0, in words. */
export function leftOf(counts: Readonly<Record<string, number>>): readonly string[] {
  return Object.entries(counts).flatMap(([what, count]) => (count === 0 ? [] : [`${count} ${what} left`]));
}

/** What is left once nothing is, or after a while. */
export async function settled(
  left: () => readonly string[] | Promise<readonly string[]>,
  { withinMs = 8000 }: { readonly withinMs?: number | undefined } = {},
): Promise<readonly string[]> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const now = await left();
    if (now.length === 0 || performance.now() > deadline) return now;
    await sleep(20);
  }
}
