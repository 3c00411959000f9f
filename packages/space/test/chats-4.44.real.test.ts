import { testChats } from "./chat-suite.ts";

testChats("4.44");
