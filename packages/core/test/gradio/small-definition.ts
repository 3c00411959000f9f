import { tuple, unknown } from "../../src/schema/schema.ts";

/** The least that a provider of a Space is defined by. */
export const definition = {
  id: "one",
  models: [{ id: "m" }],
  space: "a/b",
  endpoint: "chat",
  inputs: () => [],
  outputs: tuple([unknown()]),
  answer: { at: [0] },
} as const;
