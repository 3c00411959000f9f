import type { ImportTime } from "../measure/imports.ts";
import type { RouterCost } from "../measure/router.ts";
import { least, type Row } from "../measure/samples.ts";
import type { PackageSize } from "../measure/sizes.ts";
import { type ClientName, quantile } from "../task.ts";

/** All that one run of the bench has measured. */
export interface Summary {
  readonly date: string;
  readonly mode: string;
  readonly machine: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly rows: readonly Row[];
  /** Of the clients of an OpenAI-compatible server. */
  readonly chat: readonly Row[];
  readonly imports: readonly ImportTime[];
  readonly sizes: readonly PackageSize[];
  readonly router: RouterCost | undefined;
}

/** The clients that do the least possible work. */
export const FLOORS = ["floor-undici", "floor-http", "chat-floor"] as const satisfies readonly ClientName[];

/**
 * What a client came to in the least of its rounds: what else the machine does only ever adds. Of what is counted
 * (requests, connections, errors) the most: a bad round is no noise.
 */
export function valueOf({ samples, unit }: Row, client: ClientName): number | undefined {
  const values = samples[client];
  if (values === undefined || values.length === 0) return undefined;
  return unit === "" ? quantile(values, 1) : least(values);
}

/** The better floor of a row. */
export function floorOf(row: Row): ClientName | undefined {
  return FLOORS.filter((floor) => valueOf(row, floor) !== undefined).toSorted(
    (left, right) => (valueOf(row, left) ?? 0) - (valueOf(row, right) ?? 0),
  )[0];
}

/** A client against another, each at its best. */
export function ratioOf(row: Row, client: ClientName, other: ClientName): number | undefined {
  const own = valueOf(row, client);
  const others = valueOf(row, other);
  return own === undefined || others === undefined ? undefined : own / others;
}
