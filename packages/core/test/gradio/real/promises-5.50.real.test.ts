import { testPromises } from "./promises-suite.ts";

testPromises("5.50", 0.2);
