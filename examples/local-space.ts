import { createSpaceEmulator, type Answers, type SpaceEmulator, type SpaceShape } from "@qwen/testing";

/** A Space in this process, so that the examples need no network. Without `space: …` a provider asks the public one. */
export function localSpace(shape: SpaceShape, answer?: Answers): Promise<SpaceEmulator> {
  return createSpaceEmulator({ shape, answer });
}
