import { testProtocol } from "./protocol-suite.ts";

testProtocol("5.50");
