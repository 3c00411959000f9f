import { faultNames } from "@qwen/testing";

import { root } from "../packages/public-packages.ts";
import { shareOf } from "../share.ts";
import { testFaults } from "./faults.ts";

// All of them run on the packed packages.
const [platform] = shareOf(["browser", "workerd"] as const, 1 / 2);
testFaults(platform ?? "browser", { from: root, source: true }, shareOf(faultNames, 1 / 5));
