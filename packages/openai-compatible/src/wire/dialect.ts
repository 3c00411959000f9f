import type { Capabilities, ReasoningEffort, Timeouts } from "@qwen/core";

/**
 * What is known of a vendor or a server beyond the wire that all share: what a preset is made of.
 *
 * All of it may be left out, as it is of an endpoint that nothing is known of.
 */
export interface Dialect {
  /** The environment variable of its key. An endpoint that has one cannot be asked without a key. */
  readonly keyVariable?: string | undefined;
  /**
   * How it is told to go on behind the beginning of its answer, which the last message holds: by that alone (`message`, as
   * llama.cpp takes it), by `partial: true` on that message, or by `continue_final_message` in the body.
   *
   * @defaultValue "message"
   */
  readonly prefill?: "message" | "partial" | "continue_final_message" | undefined;
  /**
   * What asks it for so much thought. With it, a model is asked for none where it goes on behind the beginning of an answer.
   *
   * @defaultValue `reasoning_effort`
   */
  readonly reasoning?: ((effort: ReasoningEffort) => Readonly<Record<string, unknown>>) | undefined;
  /** What its models can do, unless options say otherwise. */
  readonly capabilities?: Capabilities | undefined;
  /** More for each request's body. */
  readonly extraBody?: Readonly<Record<string, unknown>> | undefined;
  /** Limits of its own, below those of the options. */
  readonly timeouts?: Timeouts | undefined;
}
