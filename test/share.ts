/**
 * A share of the cases of a long test, so that `pnpm test` stays short; `pnpm check` runs them all (`TEST_ALL=1`).
 *
 * Which ones, `TEST_SEED` decides: by default the day, so that each has its turn. At least one is in it.
 */
export function shareOf<Case>(cases: readonly Case[], share: number): readonly Case[] {
  if (process.env["TEST_ALL"] === "1") return cases;
  const seed = Number(process.env["TEST_SEED"] ?? 0);
  const size = Math.max(1, Math.round(cases.length * share));
  const chosen = new Set(
    cases
      .map((_, index) => index)
      .toSorted((a, b) => rank(a, seed) - rank(b, seed))
      .slice(0, size),
  );
  return cases.filter((_, index) => chosen.has(index));
}

// Murmur's finaliser: neighbours and consecutive seeds come out far apart.
function rank(index: number, seed: number): number {
  let hash = Math.imul(index + 1, 0x9e3779b1) ^ Math.imul(seed + 1, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
