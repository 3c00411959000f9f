// Writes down what the real apps say of themselves, for the server of the bench to say the same.
import { mkdir, writeFile } from "node:fs/promises";

import { readDocument, startRealApp } from "./apps.ts";
import { GRADIO_VERSIONS } from "./server/wire.ts";

for (const version of GRADIO_VERSIONS) {
  await using app = await startRealApp(version);
  const folder = new URL(`../fixtures/${version}/`, import.meta.url);
  await mkdir(folder, { recursive: true });
  for (const name of ["config", "info"] as const)
    await writeFile(new URL(`${name}.json`, folder), await readDocument(app.url, name));
}
