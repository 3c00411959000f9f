import type { Capabilities } from "@qwen/core";
import { createSessionProvider, spaceUrl, type ModelInfo, type Provider } from "@qwen/core/gradio";

import { asking } from "./loaded-later.ts";
import type { Plan } from "./plan.ts";
import type { play } from "./playing.ts";
import { readSpaceOptions, type SpaceOptions } from "./space-options.ts";

/**
 * Any chat Space as a provider: which endpoint answers, and what goes into which input, is found by what the Space says of
 * itself when it is first called. Made at once and without a request.
 *
 * Give `owner/name`, or the URL of any Gradio app from version 4 on. Provider and model are called by the slug of that
 * (`owner-name`); a URL gives a name the compiler does not know, so give an `id` with one.
 *
 * What it can do is what a Space may, until then: after that its model says what was found.
 *
 * A first call reads `/config`; where no chat can be told it rejects with `unsupported`, which says what was seen and which option
 * to set, before anything else is asked. System prompt, history, pictures and settings go into the inputs for them; without
 * one they are written into the prompt, refused (pictures) or warned of (settings).
 *
 * Throws a `TypeError` for what is no Space, and for an option that is unknown or wrong.
 *
 * @example
 * ```ts
 * const router = createRouter({ plugins: [space("owner/name")] });
 * const { text } = await router.complete({ model: "owner-name", messages: [{ role: "user", content: "Hi" }] });
 * ```
 */
export function space<const Target extends string | URL, const Id extends string = SlugOf<Target>>(
  target: Target,
  options: SpaceOptions<Id> = {},
): Provider<NoInfer<Id>, ModelInfo<NoInfer<Id>>> {
  const { id, overrides, client } = readSpaceOptions(options);
  // Without a given id, Id is the slug by its default, which the compiler cannot see here.
  const name = (id ?? slugOf(target)) as Id;
  // What a Space may have, until it was looked at.
  let capabilities: Capabilities = { images: true };
  const model: ModelInfo<Id> = {
    id: name,
    get capabilities() {
      return capabilities;
    },
  };
  return createSessionProvider<Id, readonly [ModelInfo<Id>], Found>(
    {
      id: name,
      space: target,
      models: [model],
      async plan(page) {
        const { fingerprintOf, planOf, play } = await asking.load();
        const { plan } = await planOf(page, overrides);
        capabilities = capabilitiesOf(plan);
        return { plan, fingerprint: fingerprintOf(plan), play };
      },
      isSame: (before, after) => before.fingerprint === after.fingerprint,
      answer: (request, session, found) => found.play(request, session, found.plan),
    },
    client,
  );
}

/** The chat that was found in a Space. */
interface Found {
  readonly plan: Plan;
  /** By which it is told apart. */
  readonly fingerprint: string;
  readonly play: typeof play;
}

function capabilitiesOf({ image, system, history, settings }: Plan): Capabilities {
  return {
    images: image !== undefined,
    system: system === undefined ? "prompt" : "native",
    history: history.kind === "prompt" ? "prompt" : "native",
    conversation: false,
    tools: false,
    json: false,
    settings: [...settings.keys()],
  };
}

/** The id that a target has where none is given: of `owner/name` the compiler knows it. */
export type SlugOf<Target extends string | URL> = Target extends `${string}:${string}`
  ? string
  : Target extends `${infer Owner}/${infer Name}`
    ? Name extends `${string}/${string}`
      ? string
      : Lowercase<`${Owner}-${Name}`>
    : string;

function slugOf(target: string | URL): string {
  // Whatever is wrong with it is said here.
  const url = spaceUrl(target);
  const address = String(target).trim();
  const page = /^(?:https?:\/\/)?(?:www\.)?(?:huggingface|hf)\.co\/spaces\/([\w.-]+\/[\w.-]+)/i.exec(address);
  const repository = page?.[1] ?? /^[\w.-]+\/[\w.-]+$/.exec(address)?.[0];
  const words = repository ?? url.host + url.pathname.replace(/\/+$/, "");
  return words.toLowerCase().replaceAll(/[/:]/g, "-");
}
