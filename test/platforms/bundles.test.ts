import { root } from "../packages/public-packages.ts";
import { testBundles } from "./bundles.ts";

testBundles({ from: root, source: true });
