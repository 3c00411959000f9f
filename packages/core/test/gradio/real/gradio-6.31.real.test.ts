import { testProtocol } from "./protocol-suite.ts";

testProtocol("6.31");
