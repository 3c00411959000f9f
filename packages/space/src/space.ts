import { createSessionProvider, spaceUrl, type ModelInfo, type Provider } from "@qwen/core/gradio";

import { planOf } from "./planning.ts";
import { fingerprintOf, type Plan } from "./plan.ts";
import { play } from "./playing.ts";
import { readSpaceOptions, type SpaceOptions } from "./space-options.ts";

/**
 * Any chat Space as a provider: which endpoint answers, and what goes into which input, is found by what the Space says of
 * itself when it is first called. Made at once and without a request.
 *
 * Give `owner/name`, or the URL of any Gradio app from version 4 on. Provider and model are called by the slug of that
 * (`owner-name`); a URL gives a name the compiler does not know, so give an `id` with one.
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
  return createSessionProvider<Id, ModelInfo<Id>, Plan>(
    {
      id: name,
      space: target,
      models: [{ id: name, capabilities: { images: true } }],
      plan: async (page) => (await planOf(page, overrides)).plan,
      isSame: (before, after) => fingerprintOf(before) === fingerprintOf(after),
      answer: play,
    },
    client,
  );
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
  const words = /^[\w.-]+\/[\w.-]+$/.test(address) ? address : url.host + url.pathname.replace(/\/+$/, "");
  return words.toLowerCase().replaceAll(/[/:]/g, "-");
}
