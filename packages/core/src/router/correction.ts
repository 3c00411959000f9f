import { splitBeginning } from "../beginning.ts";
import type { InvalidOutputError } from "../errors.ts";
import type { Message } from "../message.ts";

/** So much of an answer that does not fit is shown to who gave it, in characters. */
const MOST_SHOWN = 16 * 1024;

/** The chat that tells a model why it is asked again. */
export function corrected(
  messages: readonly Message[],
  { text, issues }: Pick<InvalidOutputError, "text" | "issues">,
): readonly Message[] {
  const { asked: before, beginning } = splitBeginning(messages);
  const answer = beginning + text;
  const shown = (answer.length > MOST_SHOWN ? `${answer.slice(0, MOST_SHOWN)}…` : answer).toWellFormed();
  const asked: Message = {
    role: "user",
    content: `This is not what was asked for: ${issues.join("; ")}. Answer again, with JSON only that fits.`,
  };
  return shown.trim() === "" ? [...before, asked] : [...before, { role: "assistant", content: shown }, asked];
}
