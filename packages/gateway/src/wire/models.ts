import type { Capabilities, ModelHealth, RouterName } from "@qwen/core";

/** A name that may be asked for, as OpenAI lists models. More fields than theirs disturb nobody. */
export interface ListedModel {
  readonly id: string;
  readonly object: "model";
  readonly created: number;
  readonly owned_by: string;
  /** For people. */
  readonly name: string;
  readonly capabilities: readonly string[];
  readonly qwen: {
    readonly kind: RouterName["kind"];
    /** `down`: none of its candidates is to be asked now. */
    readonly state: "up" | "down";
    readonly candidates: readonly string[];
  };
}

/** What is known of a router's models. */
export interface ModelsKnown {
  readonly health: readonly ModelHealth[];
  /** When the gateway began, in s since 1970: models do not say when they were made. */
  readonly created: number;
}

/** One name as it is listed. */
export function listedModel({ name, kind, candidates }: RouterName, { health, created }: ModelsKnown): ListedModel {
  const [first] = candidates;
  const isOpen = ({ provider, model }: RouterName["candidates"][number]): boolean =>
    health.some((one) => one.provider === provider && one.model === model.id && one.breaker === "open");
  return {
    id: name,
    object: "model",
    created,
    owned_by: first?.provider ?? "qwen",
    name: first?.model.label ?? name,
    capabilities: CAPABILITIES.filter((can) => candidates.some(({ model }) => model.capabilities?.[can] === true)),
    qwen: {
      kind,
      state: candidates.every(isOpen) ? "down" : "up",
      candidates: candidates.map(({ provider, model }) => `${provider}/${model.id}`),
    },
  };
}

const CAPABILITIES = [
  "images",
  "files",
  "tools",
  "json",
  "conversation",
  "prefill",
] as const satisfies (keyof Capabilities)[];
