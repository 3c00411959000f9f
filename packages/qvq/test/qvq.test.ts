import { testOnEmulator } from "../../../test/spaces/contract.ts";
import { qvq } from "../src/index.ts";

testOnEmulator("qvq", (space) => qvq({ space }));
