import { cleandoc } from "../emulator/cleandoc.ts";
import type { SpaceEmulator } from "../emulator/emulator.ts";
import type { OpenAIEmulator } from "../openai/emulator.ts";
import type { GradioVersion } from "../emulator/flavour.ts";
import type { SpaceShape } from "../emulator/shape.ts";
import type { ContractService, KnownAnswer } from "./contract-subject.ts";

/**
 * The known answers of this project's Spaces and of an emulator without an answer of its own: prompts for
 * {@link ContractService}, and the texts that the app of a shape sends for them.
 */
export function knownAnswers(
  shape: SpaceShape,
  version: GradioVersion,
): Pick<ContractService, "answers" | "slow" | "failures"> {
  const shown = (text: string): string => shownText(text, shape, version);
  const known = (prompt: string, text: string): KnownAnswer => ({ prompt, text: shown(text) });
  return {
    answers: [
      known("script:text Hello there, you.", "Hello there, you."),
      known("script:repeat", "haha haha\n\n\n"),
      known("script:rewrite", "Hello world, again."),
      known("script:indented", "  * one\n    * two\n  * three\nDone."),
      known("script:long 5000 50", numbers(5000)),
    ],
    slow: "script:slow 60 25 contract",
    failures: [known("script:error 3", "one two three "), known("script:crash", "")],
  };
}

/** An emulator as the service of a provider under test. It has to answer as it does unless told otherwise. */
export function serviceOf(emulator: SpaceEmulator | OpenAIEmulator): ContractService {
  // A model says what the simplest of apps does.
  const known = "shape" in emulator ? knownAnswers(emulator.shape, emulator.version) : knownAnswers("chat", "6.31.0");
  const work = "shape" in emulator ? emulator.jobs : emulator.calls;
  return {
    ...known,
    requests: () => emulator.requests.length,
    running: () => work.filter(({ state }) => state === "queued" || state === "running").length,
    sockets: () => emulator.sockets,
  };
}

function shownText(text: string, shape: SpaceShape, version: GradioVersion): string {
  switch (shape) {
    case "chat":
      return text;
    case "qvq":
      return cleandoc(text);
    case "1m":
      return cleandoc(`${text}\n<summary>`).replace(/\n?<summary>$/u, "");
    default:
      return version === "5.50.0" ? text : cleandoc(text);
  }
}

function numbers(characters: number): string {
  const all = Array.from({ length: Math.ceil(characters / 8) }, (_, index) => `${String(index).padStart(7, "0")}.`);
  return all.join("").slice(0, characters);
}
