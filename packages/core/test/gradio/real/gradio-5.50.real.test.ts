import { testGuarded } from "./guarded-suite.ts";
import { testProtocol } from "./protocol-suite.ts";

testProtocol("5.50");
testGuarded("5.50");
