import { testChats } from "./chat-suite.ts";

testChats("5.50");
