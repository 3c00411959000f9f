import { testGuarded } from "./guarded-suite.ts";
import { testProtocol } from "./protocol-suite.ts";

testProtocol("6.31");
testGuarded("6.31");
