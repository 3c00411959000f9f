import { defineConfig } from "tsup";

export default defineConfig({
  entry: ["src/index.ts", "src/node/index.ts"],
  format: "esm",
  sourcemap: true,
  clean: true,
  silent: true,
  // `node:sqlite` has no other name: without its protocol nobody finds it.
  removeNodeProtocol: false,
});
