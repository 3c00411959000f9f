import { root } from "../packages/public-packages.ts";
import { testWorker } from "./worker.ts";

testWorker({ from: root, source: true });
