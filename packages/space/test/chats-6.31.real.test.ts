import { testChats } from "./chat-suite.ts";

testChats("6.31");
