import { TextRewrittenError } from "./errors.ts";

/** Turns text that may be rewritten into text that only grows. */
export interface AppendOnlyText {
  /** More text came; returns what can be passed on now, maybe nothing. */
  append(text: string): string;
  /** The text so far was replaced; returns what can be passed on now, maybe nothing. */
  replace(text: string): string;
  /** The text is whole. Throws `text_rewritten`, with the exact text, if what was passed on is not its beginning. */
  end(): void;
  /** Whether what was passed on differs from the exact text in white space. */
  rewritten(): boolean;
}

/**
 * For consumers that cannot take back what they passed on.
 *
 * While the newest text starts with what was passed on, the rest follows. If the two differ only in
 * white space, it goes on after the last character they share. Otherwise it holds until a later
 * text fits again.
 */
export function createAppendOnlyText(): AppendOnlyText {
  // Joined by `+=` only: slicing a long text on every delta would copy it each time.
  let newest = "";
  // The newest text as it was when it last fitted; of use only while holding.
  let passedOn = "";
  let holding = false;
  let rewritten = false;

  function follow(): string {
    let rest: string | undefined;
    if (newest.startsWith(passedOn)) {
      rest = newest.slice(passedOn.length);
    } else {
      rest = restAfter(passedOn, newest);
      if (rest !== undefined) rewritten = true;
    }
    holding = rest === undefined;
    return rest ?? "";
  }

  return {
    append(text) {
      newest += text;
      return holding ? follow() : text;
    },
    replace(text) {
      if (!holding) passedOn = newest;
      newest = text;
      return follow();
    },
    end() {
      if (holding) throw new TextRewrittenError(newest);
    },
    rewritten: () => rewritten,
  };
}

/** What follows in `whole` once all that is not white space in `start` has been matched; `undefined` where it does not match. */
function restAfter(start: string, whole: string): string | undefined {
  let position = 0;
  for (let index = 0; index < start.length; index++) {
    const character = start.charAt(index);
    if (isSpace(character)) continue;
    while (position < whole.length && isSpace(whole.charAt(position))) position++;
    if (whole.charAt(position) !== character) return undefined;
    position++;
  }
  // The white space at the end of `start` was passed on already.
  for (const space of start.slice(start.trimEnd().length)) {
    if (whole.charAt(position) === space) position++;
    else break;
  }
  return whole.slice(position);
}

function isSpace(character: string): boolean {
  return character.trim() === "";
}
