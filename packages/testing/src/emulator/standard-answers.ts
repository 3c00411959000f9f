import { pythonJson } from "./python.ts";
import { type AnswerContext, type AnswerLike, type AnswerStep, words } from "./script.ts";

const REPEAT = ["ha", "ha", " ", "ha", "ha", "\n", "\n", "\n"];
const UNICODE =
  "Grüße, 世界! e\u0301 n\u0303 \u{1F469}\u200D\u{1F469}\u200D\u{1F467} \u{1F1E9}\u{1F1EA} \u{1D54F}" +
  ' next\u0085line\u2028separator\u2029paragraph\u00A0space \u202Bשלום\u202C “quotes” \\ " </b> end';
const REWRITES = ["Hello ", "Hello wurld", "Hello world", "Hello world, again."];
const INDENTED = ["  * one", "\n    * two", "\n  * three", "\nDone."];
const PARTIAL = "one two three four five six seven eight nine ten";
const FAILURE = "The model gave up…";

/**
 * What an emulator answers unless told otherwise: the scripts that the Spaces of this project know as well, so that one
 * test can run against both. A prompt without a script is answered by "You said: " and the prompt, word by word.
 *
 * The script is what follows the last "script:" in the prompt: `text TEXT`, `repeat`, `unicode`, `long [CHARACTERS
 * [STEPS]]`, `rewrite`, `indented`, `empty`, `nothing`, `error [WORDS]`, `crash [WORDS]`, `history`, `system`, `prompt`,
 * `slow STEPS MS`, `block MS`, `wait MS TEXT`.
 */
export function standardAnswer(prompt: string, { history, system }: AnswerContext): AnswerLike {
  const marker = prompt.lastIndexOf("script:");
  const script = marker === -1 ? `text You said: ${prompt}` : prompt.slice(marker + "script:".length);
  const [name = ""] = /^\w*/u.exec(script) ?? [];
  const rest = script.slice(name.length).replace(/^ /u, "");
  // All but a text ends with the line.
  const [line = ""] = rest.split("\n", 1);
  const numbers = line
    .split(/\s+/u)
    .filter((word) => /^\d+$/u.test(word))
    .map(Number);
  const [first = 0, second = 0] = numbers;

  switch (name) {
    case "text":
      return words(rest);
    case "repeat":
      return REPEAT;
    case "unicode":
      return [...UNICODE];
    case "long":
      return longPieces(...numbers);
    case "rewrite":
      return REWRITES.map((rewrite) => ({ rewrite }));
    case "indented":
      return INDENTED;
    case "empty":
      return [""];
    case "nothing":
      return [];
    case "error":
      return [...words(PARTIAL).slice(0, first), { error: FAILURE }];
    case "crash":
      return [...words(PARTIAL).slice(0, first), { exception: "a detail that nobody may see" }];
    case "history":
      return [pythonJson(history ?? [])];
    case "system":
      return [pythonJson(system ?? null)];
    case "prompt":
      return [pythonJson(prompt)];
    case "slow":
      return {
        steps: Array.from({ length: first }, (_, index) => (index === 0 ? "1" : ` ${index + 1}`)),
        firstDelayMs: second,
        delayMs: second,
      };
    case "block":
      return { steps: [`Blocked for ${first} ms.`], firstDelayMs: first };
    case "wait":
      return { steps: words(rest.slice(rest.indexOf(" ") + 1)), firstDelayMs: first };
    default:
      return [{ error: `There is no script '${name}'.` }];
  }
}

function longPieces(characters = 100_000, steps = 500): AnswerStep[] {
  const numbers = Array.from(
    { length: Math.floor(characters / 8) + 1 },
    (_, index) => `${String(index).padStart(7, "0")}.`,
  );
  const text = numbers.join("").slice(0, characters);
  const size = Math.ceil(characters / steps);
  return Array.from({ length: Math.ceil(characters / size) }, (_, index) =>
    text.slice(index * size, (index + 1) * size),
  );
}
