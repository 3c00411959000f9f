import { testPromises } from "./promises-suite.ts";

testPromises("4.44", 0.2);
