import { defineConfig } from "tsup";

import { written } from "../../tsup.config.ts";

export default defineConfig({ ...written, entry: ["src/index.ts", "src/node/index.ts"], clean: true });
