import { saying, start, text, textStart, type Script, type Step } from "./models.ts";

/** Commits to an answer, and goes on with one that breaks off. */
export const commit = "continue" as const;
/** What a connection that is lost does to an answer. */
export const cut: Step = { fail: new Error("socket hang up") };
export const opened = [start, textStart] as const;
/** Breaks off in the text of `whole`. */
export const begun: Script = [...opened, text("Hello"), text(" wor"), cut];
export const whole = saying("Hel", "lo world", ", again.");
