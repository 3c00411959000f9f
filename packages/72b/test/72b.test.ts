import { testOnEmulator } from "../../../test/spaces/contract.ts";
import { qwen72B } from "../src/index.ts";

testOnEmulator("72b", (space) => qwen72B({ space }));
