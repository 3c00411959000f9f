import { testOnEmulator } from "../../../test/spaces/contract.ts";
import { qwenMax } from "../src/index.ts";

testOnEmulator("max", (space) => qwenMax({ space }));
