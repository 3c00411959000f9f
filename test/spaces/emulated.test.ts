import { emulate } from "@qwen/core/emulate";
import { qwenMax } from "@qwen/max";

import { testOnEmulator } from "./contract.ts";

// With the reasoning channel every answer is read, also one to a request that asks for nothing emulated.
testOnEmulator("max", (space) => emulate(qwenMax({ space }), { tools: true, json: true, reasoning: true }));
