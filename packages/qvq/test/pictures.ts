import { readFileSync } from "node:fs";

/** Four red pixels by three, in every kind that QVQ reads. */
export const pictures = (
  [
    ["image/png", "png"],
    ["image/jpeg", "jpg"],
    ["image/gif", "gif"],
    ["image/webp", "webp"],
  ] as const
).map(([mime, extension]) => {
  const file = new URL(`./pictures/red.${extension}`, import.meta.url);
  return { mime, extension, file, bytes: new Uint8Array(readFileSync(file)) };
});

/** The first of them. */
export const png = pictures[0]!;
