// What a plugin registers, as the compiler knows it. Compiled against the packed packages with TypeScript 7 and 5.9, and from source by
// `pnpm typecheck`. A line that must not compile stands below a `@ts-expect-error` that says why.
import {
  createRouter,
  type IdsOf,
  type NamesOf,
  type PluginObject,
  type Provider,
  type ProviderPart,
  type Registry,
} from "@qwen/core";

type Same<A, B> = [A, B] extends [B, A] ? true : false;

const messages = [{ role: "user", content: "Hi" }] as const;
declare function parts(): AsyncIterable<ProviderPart>;

const alpha = {
  id: "alpha",
  models: [{ id: "alpha-1", aliases: ["alpha-latest"] }],
  stream: parts,
} as const satisfies Provider;

const own = {
  id: "own",
  models: [{ id: "own-1", aliases: ["mine"] }],
  stream: parts,
} as const satisfies Provider;

const mirror = { ...alpha, id: "mirror" } as const satisfies Provider;

// A preset brings providers, routes to them, and who watches.
function preset() {
  return {
    name: "preset",
    register: (registry: Registry) =>
      registry
        .provider(alpha)
        .provider(own)
        .route("smart", ["alpha-latest", "own/own-1"])
        .route("best", "smart")
        .observe((event) => {
          if (event.type === "attempt-ended") void event.durationMs.toFixed();
        }),
  } as const;
}

{
  // Routes of a plugin are names of its router, to which the user's may lead; its ids are ids.
  const all: Same<
    NamesOf<ReturnType<typeof preset>>,
    | "smart"
    | "best"
    | "alpha-1"
    | "alpha-latest"
    | `alpha/${"alpha-1" | "alpha-latest"}`
    | "own-1"
    | "mine"
    | `own/${"own-1" | "mine"}`
  > = true;
  const ids: Same<IdsOf<ReturnType<typeof preset>>, "alpha" | "own"> = true;
  void [all, ids];
  const router = createRouter({
    plugins: [preset(), mirror],
    routes: { mine: ["best", "mirror/alpha-1"] },
    providers: { own: { weight: 2 }, mirror: { limits: { maxConcurrent: 1 } } },
  });
  void router.stream({ model: "smart", messages });
  void router.stream({ model: "mine", messages });
  void createRouter({ plugins: [] }).use(preset()).stream({ model: "best", messages });
  createRouter({
    plugins: [preset()],
    // @ts-expect-error: no provider of this id
    providers: { mirror: { weight: 2 } },
  });
  // @ts-expect-error: no route of this name
  void router.stream({ model: "worst", messages });
  // @ts-expect-error: a route to nowhere
  createRouter({ plugins: [preset()], routes: { mine: "worst" } });
}

{
  // A route leads to what its plugin has registered so far, and an observer takes events.
  const wrong: PluginObject = {
    name: "wrong",
    register(registry) {
      // @ts-expect-error: nothing is registered yet
      registry.route("early", "own-1");
      // @ts-expect-error: another plugin's
      registry.provider(own).route("other", ["own-1", "alpha-1"]);
      // @ts-expect-error: it leads to itself
      registry.provider(own).route("self", "self");
      // @ts-expect-error: no such event
      registry.observe((event) => event.type === "attempt-begun");
      return registry.provider(own).route("fast", "mine");
    },
  };
  // Names that its type does not tell are any.
  void createRouter({ plugins: [wrong] }).stream({ model: "anything", messages });
  const telemetry = { name: "telemetry", register: (registry: Registry) => registry.observe(() => {}) } as const;
  const router = createRouter({
    plugins: [
      own,
      telemetry,
      { name: "inline", register: (registry) => registry.provider(alpha).route("quick", "alpha-1") },
    ],
    routes: { any: ["quick", "own-1"] },
    providers: { alpha: { weight: 0 } },
  });
  void router.stream({ model: "quick", messages });
  // @ts-expect-error: nobody has this name
  void router.stream({ model: "telemetry", messages });
}
