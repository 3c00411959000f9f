import type { ImportTime } from "../measure/imports.ts";
import type { RouterCost } from "../measure/router.ts";
import { median, type Row } from "../measure/samples.ts";
import type { PackageSize } from "../measure/sizes.ts";
import type { ClientName } from "../task.ts";

/** All that one run of the bench has measured. */
export interface Summary {
  readonly date: string;
  readonly mode: string;
  readonly machine: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly rows: readonly Row[];
  readonly imports: readonly ImportTime[];
  readonly sizes: readonly PackageSize[];
  readonly router: RouterCost | undefined;
}

/** The clients that do the least possible work. */
export const FLOORS = ["floor-undici", "floor-http"] as const satisfies readonly ClientName[];

/** What a client came to in the middle of its rounds. */
export function valueOf({ samples }: Row, client: ClientName): number | undefined {
  const values = samples[client];
  return values === undefined || values.length === 0 ? undefined : median(values);
}

/** The better floor of a row. */
export function floorOf(row: Row): ClientName | undefined {
  return FLOORS.filter((floor) => valueOf(row, floor) !== undefined).toSorted(
    (left, right) => (valueOf(row, left) ?? 0) - (valueOf(row, right) ?? 0),
  )[0];
}

/**
 * A client against another: the middle of the ratios round by round, since both had the same machine in one round; of the
 * medians where their rounds differ in number.
 */
export function ratioOf({ samples }: Row, client: ClientName, other: ClientName): number | undefined {
  const own = samples[client] ?? [];
  const others = samples[other] ?? [];
  if (own.length === 0 || others.length === 0) return undefined;
  if (own.length !== others.length) return median(own) / median(others);
  return median(own.map((value, round) => value / (others[round] ?? Number.NaN)));
}
