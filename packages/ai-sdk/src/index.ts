export type { LanguageModelV4 } from "@ai-sdk/provider";
