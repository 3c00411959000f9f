// What Python counts as white space at the start of a line; JavaScript leaves the separators \x1c–\x1f and \x85 out.
const LEADING_SPACE = /^[\t\v\f\r \u001C-\u001F\u0085\u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000]*/;

/**
 * Text as it leaves Gradio's Markdown, 4.x Chatbot and 6.x Chatbot: through Python's `inspect.cleandoc`.
 *
 * Tabs become spaces up to the next multiple of eight, the first line loses its indentation, the others what they have
 * in common, and empty lines at both ends go.
 */
export function cleandoc(text: string): string {
  const lines = text.split("\n").map(expandTabs);
  const [first = "", ...rest] = lines;

  let margin = Infinity;
  for (const line of rest) {
    const indentation = indentationOf(line);
    if (indentation < line.length) margin = Math.min(margin, indentation);
  }

  const cleaned = [
    first.slice(indentationOf(first)),
    ...rest.map((line) => (margin === Infinity ? line : line.slice(margin))),
  ];
  const start = cleaned.findIndex((line) => line !== "");
  return start === -1 ? "" : cleaned.slice(start, cleaned.findLastIndex((line) => line !== "") + 1).join("\n");
}

function indentationOf(line: string): number {
  return LEADING_SPACE.exec(line)?.[0].length ?? 0;
}

function expandTabs(line: string): string {
  if (!line.includes("\t")) return line;
  let expanded = "";
  let column = 0;
  // By code points: Python counts columns so.
  for (const character of line) {
    if (character === "\t") {
      const width = 8 - (column % 8);
      expanded += " ".repeat(width);
      column += width;
    } else {
      expanded += character;
      column = character === "\r" ? 0 : column + 1;
    }
  }
  return expanded;
}
