import { expect, test } from "vitest";

import { bundled, type Packages } from "./bundle.ts";

/** Whether a bundle holds what only Node has. */
export function testBundles(packages: Packages): void {
  test.each(["browser", "workerd"] as const)(
    "nothing of undici, and no module of Node, is in what %s loads of core and of all plugins",
    async (platform) => {
      const files = await bundled(new URL("programs/everything.ts", import.meta.url), platform, packages);
      expect(files.length).toBeGreaterThan(2);
      for (const { name, text } of files) expect(text.match(/.{0,40}(?:undici|node:).{0,40}/g), name).toBeNull();
    },
  );
}
