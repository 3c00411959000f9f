import { createSpaceEmulator, serviceOf, testProvider, type SpaceShape } from "@qwen/testing";
import { afterAll, describe, test } from "vitest";

import { shareOf } from "../../../test/share.ts";
import { space } from "../src/index.ts";

/** Nobody listens on the discard port. */
const DOWN = "http://127.0.0.1:9";

const SHAPES: readonly SpaceShape[] = ["max", "72b", "qvq", "chat"];

for (const shape of shareOf(SHAPES, 1 / 4)) {
  describe(`a provider of a Space like ${shape} keeps the provider contract`, async () => {
    const emulator = await createSpaceEmulator({ shape });
    afterAll(() => emulator.close());
    const create = (url: string) => space(url, { id: "any" });
    testProvider(() => create(emulator.url), {
      test,
      service: serviceOf(emulator),
      createUnreachable: () => create(DOWN),
    });
  });
}
