import { root } from "../packages/public-packages.ts";
import { testWorker } from "./worker.ts";

// What takes seconds runs on the packed packages.
testWorker({ from: root, source: true }, { inFull: process.env["TEST_ALL"] === "1" });
