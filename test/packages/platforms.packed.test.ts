import { faultNames } from "@qwen/testing";
import { afterAll, inject } from "vitest";

import { testBundles } from "../platforms/bundles.ts";
import { testContract } from "../platforms/contract.ts";
import { testFaults } from "../platforms/faults.ts";
import { testPages } from "../platforms/pages.ts";
import { testSizes } from "../platforms/sizes.ts";
import { platformTable } from "../platforms/table.ts";
import { testWorker } from "../platforms/worker.ts";

// The packages as a bundler finds them, once they are installed.
const packages = { from: inject("installed"), source: false };

testBundles(packages);
testSizes(packages);
testPages(packages);
testWorker(packages);
testContract("browser", packages, ["max", "space"]);
testContract("workerd", packages, ["max", "space"]);
testFaults("browser", packages, faultNames);
testFaults("workerd", packages, faultNames);

afterAll(() => void process.stdout.write(`\n${platformTable()}\n\n`));
