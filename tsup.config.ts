import { defineConfig, type Options } from "tsup";

/** How what is built is written. A package that is more than its one entry says of itself what it is made of. */
export const written: Options = {
  format: "esm",
  sourcemap: true,
  silent: true,
  // `node:sqlite` has no other name: without its protocol nobody finds it.
  removeNodeProtocol: false,
  // An import costs what there is to be parsed. Names stay, as they are what a stack trace is read by.
  minifyWhitespace: true,
  esbuildOptions(options) {
    // An uncaught error is printed below the line that it came from.
    options.lineLimit = 120;
  },
};

export default defineConfig({ ...written, entry: ["src/index.ts"], clean: true });
