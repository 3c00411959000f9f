import { testProtocol } from "./protocol-suite.ts";

testProtocol("4.44");
