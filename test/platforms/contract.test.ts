import { root } from "../packages/public-packages.ts";
import { shareOf } from "../share.ts";
import { testContract } from "./contract.ts";

const pairs = [
  ["browser", "max"],
  ["browser", "space"],
  ["workerd", "max"],
  ["workerd", "space"],
] as const;

// All of them run on the packed packages.
for (const [platform, plugin] of shareOf(pairs, 1 / 4)) testContract(platform, { from: root, source: true }, [plugin]);
