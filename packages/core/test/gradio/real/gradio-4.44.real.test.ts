import { testGuarded } from "./guarded-suite.ts";
import { testProtocol } from "./protocol-suite.ts";

testProtocol("4.44");
testGuarded("4.44");
