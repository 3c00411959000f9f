import { createSpaceEmulator, knownAnswers, serviceOf, testProvider, type GradioVersion } from "@qwen/testing";
import type { Provider } from "@qwen/core";
import type { SpaceName } from "@qwen/local-spaces";
import { afterAll, describe, test } from "vitest";

import type { RealSpace } from "./real-space.ts";

type Create = (space: string) => Provider;

const GRADIO: Readonly<Record<SpaceName, GradioVersion>> = {
  max: "5.50.0",
  "1m": "4.44.1",
  "72b": "4.44.1",
  qvq: "5.50.0",
};

/** Nobody listens on the discard port. */
const DOWN = "http://127.0.0.1:9";

/** Holds a provider to the contract against a Space in this process. */
export function testOnEmulator(shape: SpaceName, create: Create): void {
  describe(`${shape} keeps the provider contract on the emulator`, async () => {
    const space = await createSpaceEmulator({ shape });
    afterAll(() => space.close());
    testProvider(() => create(space.url), { test, service: serviceOf(space), createUnreachable: () => create(DOWN) });
  });
}

/** Holds a provider to the contract against its own app on its own Gradio. */
export function testOnRealSpace(space: RealSpace, create: Create): void {
  describe(`${space.name} keeps the provider contract on its real app`, () => {
    const service = {
      ...knownAnswers(space.name, GRADIO[space.name]),
      slow: "script:slow 60 40 contract",
      running: () => space.working("contract"),
    };
    testProvider(() => create(space.url), { test, service, createUnreachable: () => create(DOWN), stopMs: 5000 });
  });
}
