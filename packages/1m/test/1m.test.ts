import { testOnEmulator } from "../../../test/spaces/contract.ts";
import { qwen1M } from "../src/index.ts";

testOnEmulator("1m", (space) => qwen1M({ space }));
