/** JSON as Python's `json.dumps` writes it: with spaces, and on demand with every other than ASCII escaped. */
export function pythonJson(value: unknown, { ascii = false }: { readonly ascii?: boolean } = {}): string {
  const inner = (item: unknown): string => pythonJson(item, { ascii });
  if (Array.isArray(value)) return `[${value.map(inner).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    return `{${Object.entries(value)
      .map(([key, item]) => `${inner(key)}: ${inner(item)}`)
      .join(", ")}}`;
  }
  const text = JSON.stringify(value);
  return ascii ? text.replaceAll(/[\u007F-\uFFFF]/gu, escaped).replaceAll(/[\u{10000}-\u{10FFFF}]/gu, escaped) : text;
}

/** A string as Python's `repr` shows it, which is how 4.x tells an app's failure. */
export function pythonRepr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const shown = text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\r", "\\r").replaceAll("\t", "\\t");
  return `${quote}${quote === "'" ? shown.replaceAll("'", "\\'") : shown}${quote}`;
}

function escaped(character: string): string {
  let units = "";
  for (let index = 0; index < character.length; index++) {
    units += `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`;
  }
  return units;
}
