import { testPromises } from "./promises-suite.ts";

testPromises("6.31", 0.4);
