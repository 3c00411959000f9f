import { fileURLToPath } from "node:url";

/** The git-ignored folder at the root of the repository where everything that is installed goes. */
export const cacheFolder = fileURLToPath(new URL("../../../.cache/", import.meta.url));
