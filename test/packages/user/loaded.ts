// Tells which files of ours an import loads, and which more the first text does.
import { registerHooks } from "node:module";

let loaded = new Set<string>();
registerHooks({
  load(url, context, next) {
    const [, file] = /node_modules\/(?:@qwen\/)?((?:core|max)\/dist\/.*|undici)/.exec(url) ?? [];
    if (file !== undefined) loaded.add(file.replace("/dist", ""));
    return next(url, context);
  },
});

function tell(): void {
  console.log([...loaded].toSorted().join(" "));
  loaded = new Set();
}

const { createRouter } = await import("@qwen/core");
const { qwenMax } = await import("@qwen/max");
tell();

const router = createRouter({ plugins: [qwenMax({ space: process.argv[2] })] });
await router.complete({ model: "qwen-max", messages: [{ role: "user", content: "Hi" }] });
await router.close();
tell();
