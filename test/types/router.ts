// The names of a router, as the compiler knows them. Compiled against the packed packages with TypeScript 7 and 5.9,
// and from source by `pnpm typecheck`. A line that must not compile stands below a `@ts-expect-error` that says why.
import {
  createRouter,
  type ModelInfo,
  type NamesOf,
  type PluginObject,
  type Provider,
  type ProviderPart,
  type Router,
  type RouterOptions,
  wrapProvider,
} from "@qwen/core";
import { createSpaceProvider, type SpaceProviderOptions } from "@qwen/core/gradio";

type Same<A, B> = [A, B] extends [B, A] ? true : false;

const capabilities = {
  images: false,
  system: "native",
  history: "native",
  conversation: false,
  tools: false,
  json: false,
} as const;
const messages = [{ role: "user", content: "Hi" }] as const;
declare function parts(): AsyncIterable<ProviderPart>;

// A factory of a package: its own id by default, and the caller's where one is given.
function alpha<const Given extends string = "alpha">(options?: SpaceProviderOptions<Given>) {
  const definition = {
    id: "alpha",
    models: [{ id: "alpha-1", aliases: ["alpha-latest"], capabilities }],
    space: "owner/alpha",
    endpoint: "chat",
    inputs: () => [],
    outputs: { "~standard": { version: 1, validate: () => ({}) } },
    answer: { at: [0] },
  } as const;
  return createSpaceProvider(definition, options);
}

// A provider of one's own needs no helper, only `as const satisfies Provider`.
const own = {
  id: "own",
  models: [{ id: "own-1", aliases: ["mine"], capabilities }],
  stream: parts,
} as const satisfies Provider;

// A plugin of several providers tells its names by what `register` returns.
const several = {
  name: "several",
  register: (registry: Parameters<PluginObject["register"]>[0]) =>
    registry.provider(own).provider(alpha({ id: "beta" })),
} as const;

{
  // Ids, aliases and `provider/model` of every plugin are names, and nothing else is.
  const router = createRouter({ plugins: [alpha(), own] });
  const names: Same<
    typeof router,
    Router<
      "alpha-1" | "alpha-latest" | "alpha/alpha-1" | "alpha/alpha-latest" | "own-1" | "mine" | "own/own-1" | "own/mine"
    >
  > = true;
  void names;
  void router.stream({ model: "own/mine", messages });
  void router.complete({ model: "alpha-latest", messages });
  // @ts-expect-error: nobody has this name
  void router.stream({ model: "typo", messages });
  // @ts-expect-error: nor this one
  void router.complete({ model: "own/alpha-1", messages });
}

{
  // The id that is given is the id in the names, in an array as well (it would widen to `string` without NoInfer).
  const router = createRouter({ plugins: [alpha({ id: "mirror" }), alpha()] });
  void router.stream({ model: "mirror/alpha-1", messages });
  void router.stream({ model: "alpha/alpha-1", messages });
  // @ts-expect-error: no provider of this id
  void router.stream({ model: "other/alpha-1", messages });
}

{
  // Routes are names, may lead to each other, and are checked.
  const router = createRouter({
    plugins: [alpha(), own],
    routes: { smart: ["alpha-latest", "fast"], fast: "own/own-1" },
  });
  void router.stream({ model: "smart", messages });
  void router.stream({ model: "fast", messages });
  // @ts-expect-error: no route of this name
  void router.stream({ model: "slow", messages });
  createRouter({
    plugins: [alpha()],
    // @ts-expect-error: a route to nowhere
    routes: { smart: ["alpha-latest", "typo"] },
  });
  createRouter({
    plugins: [alpha()],
    // @ts-expect-error: a route to nowhere
    routes: { smart: "typo" },
  });
}

{
  // A plugin of several providers, and one written in place (a default for P would break it).
  const router = createRouter({
    plugins: [several, { name: "inline", register: (registry) => registry.provider(alpha({ id: "gamma" })) }],
  });
  void router.stream({ model: "beta/alpha-1", messages });
  void router.stream({ model: "own-1", messages });
  void router.stream({ model: "gamma/alpha-latest", messages });
  // @ts-expect-error: nobody has this name
  void router.stream({ model: "delta/alpha-latest", messages });
}

{
  // use() returns the router with the wider type.
  const narrow = createRouter({ plugins: [alpha()] });
  const router = narrow.use(own).use(several);
  void router.stream({ model: "mine", messages });
  void router.stream({ model: "beta/alpha-latest", messages });
  void router.stream({ model: "alpha-latest", messages });
  // @ts-expect-error: the old type does not know the new names
  void narrow.stream({ model: "mine", messages });
}

{
  // has() narrows a string from outside.
  const router = createRouter({ plugins: [alpha()] });
  const name: string = "alpha-1";
  // @ts-expect-error: any string is not a name
  void router.stream({ model: name, messages });
  if (router.has(name)) void router.stream({ model: name, messages });
  // names and find() list names, so each can be asked.
  for (const { name: model } of router.names) void router.stream({ model, messages });
  for (const { name: model } of router.find({ images: true, settings: ["seed"] }))
    void router.stream({ model, messages });
  // @ts-expect-error: no such capability
  void router.find({ pictures: true });
  // @ts-expect-error: no such setting
  void router.find({ settings: ["heat"] });
  // @ts-expect-error: `models` are a provider's
  void router.models;
}

{
  // A router without a type argument takes any string, and any router is one.
  const router: Router = createRouter({ plugins: [alpha()], routes: { smart: "alpha-1" } });
  void router.stream({ model: "anything", messages });
  const use = (some: Router) => some.complete({ model: "x", messages });
  void use(createRouter({ plugins: [own] }));
  const stored: { readonly router: Router } = { router: createRouter({ plugins: [] }) };
  void stored;
}

{
  // A provider that does not tell its names leaves those of the others known, and takes any string.
  const wide: Provider = own;
  const anyName: Same<NamesOf<Provider>, string> = true;
  void anyName;
  const router = createRouter({ plugins: [alpha(), wide] });
  void router.stream({ model: "anything", messages });
  void router.stream({ model: "alpha-1", messages });
  const plugins: readonly Provider[] = [own];
  void createRouter({ plugins }).stream({ model: "anything", messages });
  const options: RouterOptions = { plugins, routes: { smart: ["anything"] } };
  void createRouter(options).stream({ model: "anything", messages });
}

{
  // The smallest provider is its names and its answer: in its place, among others, by use(), or by itself.
  const tiny = {
    id: "tiny",
    models: [{ id: "tiny-1" }, { id: "tiny-2", aliases: ["small"] }],
    async *stream({ messages: asked }) {
      yield { type: "text-delta", text: String(asked.length) };
      yield { type: "finish", reason: "stop" };
    },
  } as const satisfies Provider;
  const names: Same<
    NamesOf<typeof tiny>,
    "tiny-1" | "tiny-2" | "small" | `tiny/${"tiny-1" | "tiny-2" | "small"}`
  > = true;
  void names;
  const router = createRouter({
    plugins: [
      alpha(),
      tiny,
      {
        id: "inline",
        models: [{ id: "inline-1" }],
        async *stream({ messages: asked }) {
          yield { type: "text-delta", text: String(asked.length) };
          yield { type: "finish", reason: "stop" };
        },
      },
    ],
    routes: { best: ["inline-1", "small"] },
  }).use({
    id: "later",
    models: [{ id: "later-1" }],
    async *stream({ messages: asked, signal }) {
      signal?.throwIfAborted();
      yield { type: "text-delta", text: String(asked.length) };
      yield { type: "finish", reason: "stop" };
    },
  });
  void router.stream({ model: "inline/inline-1", messages });
  void router.stream({ model: "tiny-2", messages });
  void router.stream({ model: "later-1", messages });
  void router.stream({ model: "best", messages });
  // @ts-expect-error: nobody has this name
  void router.stream({ model: "inline-2", messages });
  // @ts-expect-error: nor this one
  void router.stream({ model: "later/later-2", messages });
  // @ts-expect-error: a route to nowhere
  createRouter({ plugins: [tiny], routes: { smart: "tiny-3" } });
  const wrong = {
    id: "wrong",
    models: [{ id: "wrong-1" }],
    // @ts-expect-error: no such reason to finish
    async *stream() {
      yield { type: "finish", reason: "done" };
    },
  } as const satisfies Provider;
  void wrong;
}

{
  // A provider with hooks around it keeps its names; a hook works at once.
  const wrapped = wrapProvider(alpha(), {
    request: (request) => ({ settings: { ...request.settings, temperature: 0 } }),
    part: (part) => (part.type === "text-delta" ? { ...part, text: part.text.trim() } : part),
    error: (error) => (error instanceof RangeError ? new Error("Out of range.") : error),
  });
  const counted = wrapProvider(own, { part: (part) => void part.type.length });
  const router = createRouter({ plugins: [wrapped, counted] });
  void router.stream({ model: "alpha/alpha-latest", messages });
  void router.stream({ model: "mine", messages });
  // @ts-expect-error: nobody has this name
  void router.stream({ model: "own/alpha-1", messages });
  // @ts-expect-error: a promise is no part
  wrapProvider(own, { part: async (part) => part });
  // @ts-expect-error: no such hook
  wrapProvider(own, { parts: () => {} });
  wrapProvider(own, {
    // An iteration, or a list, answers in the place of the provider.
    async *request() {
      yield { type: "text-delta", text: "Hi" };
      yield { type: "finish", reason: "stop" };
    },
  });
}

{
  // What is no plugin does not compile.
  // @ts-expect-error: a factory that was not called
  createRouter({ plugins: [alpha] });
  // @ts-expect-error: no models
  createRouter({ plugins: [{ id: "x", models: [], stream: parts }] });
  // @ts-expect-error: a provider needs a stream
  createRouter({ plugins: [{ id: "x", models: own.models }] });
  const model: ModelInfo = own.models[0];
  void model;
}

export async function reads(router: Router): Promise<string> {
  // Parts, text and the whole answer have their types; `await using` closes the router.
  await using closing = router;
  const stream = closing.stream({ model: "x", messages });
  for await (const part of stream) {
    if (part.type === "text-delta") void part.text.length;
    else if (part.type === "attempt") void part.number.toFixed();
    else if (part.type === "finish") void part.attempts.map(({ durationMs }) => durationMs);
  }
  for await (const text of stream.textStream) void text.length;
  const readable: ReadableStream = stream.toReadableStream();
  void readable;
  const { text, provider, usage } = await stream.completion;
  return text + provider + (usage?.outputTokens ?? "");
}
