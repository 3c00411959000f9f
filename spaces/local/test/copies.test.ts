import { readFile } from "node:fs/promises";

import { expect, test } from "vitest";

// Each Space is a folder that can be deployed by itself, so what they share is copied.
test.each(["model.py", "scripted.py"])("%s is the same in every Space", async (file) => {
  const copies = ["max", "1m", "72b", "qvq"].map((space) =>
    readFile(new URL(`../../${space}/${file}`, import.meta.url), "utf8"),
  );
  expect(new Set(await Promise.all(copies)).size).toBe(1);
});
