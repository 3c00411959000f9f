// How a router and a request are set, as the compiler knows it. Compiled against the packed packages with TypeScript 7 and 5.9, and from source by
// `pnpm typecheck`. A line that must not compile stands below a `@ts-expect-error` that says why.
import { createRouter, QwenError, type Attempt, type CommitPoint, type Provider, type ProviderPart } from "@qwen/core";
import {
  chooseCandidate,
  createHealth,
  runAttempts,
  type Candidate,
  type CandidateHealth,
  type GuardedCall,
  type OwnOfCall,
  type PartReader,
  type Place,
  type ProviderSettings,
  type SettingsById,
} from "@qwen/core/router";

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

{
  // How requests are tried is typed, for the router and for a request.
  const router = createRouter({
    plugins: [alpha, own],
    routes: { smart: ["alpha-1", "own-1"] },
    commit: "buffered",
    retry: {
      maxAttempts: 3,
      shouldRetry: ({ error }, { provider }) => (error !== undefined && provider === "own" ? "next" : undefined),
    },
    breaker: { minimumCalls: 3 },
    limits: { maxConcurrent: 4 },
    providers: { own: { limits: { maxConcurrent: 1 }, timeouts: { idleMs: 1_000 }, weight: 2 }, alpha: undefined },
    strategy: "weighted",
    hedge: { delayMs: 500, maxConcurrent: 3 },
    timeouts: { firstOutputMs: 5_000, totalMs: Infinity },
  });
  void router.complete({ model: "smart", messages, hedge: false, commit: "first-output", retry: { maxAttempts: 1 } });
  void router.complete({ model: "smart", messages, headers: { own: { "x-a": "1" } } });
  // @ts-expect-error: headers are keyed by provider id
  void router.complete({ model: "smart", messages, headers: { "x-a": "1" } });
  const stop: () => void = router.observe((event) => {
    if (event.type === "attempt-ended" && event.outcome === "failed") void event.durationMs.toFixed();
    if (event.type === "breaker-changed") void (event.state === "half-open");
  });
  stop();
  // @ts-expect-error: no such strategy
  createRouter({ plugins: [own], strategy: "fastest" });
  createRouter({ plugins: [own], strategy: { weights: { own: 2 } } });
  // @ts-expect-error: limits are no function
  createRouter({ plugins: [own], limits: () => ({ maxConcurrent: 1 }) });
  // @ts-expect-error: nobody has this id
  createRouter({ plugins: [alpha, own], providers: { beta: { weight: 2 } } });
  // @ts-expect-error: no such setting of a provider
  createRouter({ plugins: [own], providers: { own: { weights: 2 } } });
  // @ts-expect-error: chance is an option of the attempt loop alone
  createRouter({ plugins: [own], random: Math.random });
  // @ts-expect-error: it counts at the same time
  createRouter({ plugins: [own], hedge: { delayMs: 500, maxAttempts: 2 } });
  // @ts-expect-error: a hedge needs its delay
  createRouter({ plugins: [own], hedge: {} });
}

{
  // When output is shown, and whether an answer that breaks off is gone on with: for the router and for a request.
  const points: readonly CommitPoint[] = ["first-output", "buffered", "continue", { continue: "replay" }];
  for (const commit of points)
    void createRouter({ plugins: [own], commit }).stream({ model: "mine", messages, commit });
  const router = createRouter({ plugins: [own], commit: { continue: "replay" } });
  void router.stream({ model: "mine", messages, commit: "continue" });
  void router.stream({ model: "mine", messages, commit: undefined });
  void router.complete({ model: "mine", messages, commit: { continue: "replay" } });
  // @ts-expect-error: no such commit point
  createRouter({ plugins: [own], commit: "whole" });
  // @ts-expect-error: a replay may be all there is, a prefill may not
  createRouter({ plugins: [own], commit: { continue: "prefill" } });
  // @ts-expect-error: it says by what
  void router.stream({ model: "mine", messages, commit: { continue: undefined } });
  // @ts-expect-error: nor is it a flag
  void router.stream({ model: "mine", messages, commit: { continue: true } });
  // @ts-expect-error: and there is nothing else to say
  void router.stream({ model: "mine", messages, commit: { continue: "replay", delayMs: 5 } });
}

export async function seams(attempts: readonly Attempt[]): Promise<void> {
  for (const { continuedAt, continuedBy } of attempts) {
    const at: number | undefined = continuedAt;
    const by: "replay" | "prefill" | undefined = continuedBy;
    void [at, by];
  }
  const candidates: () => readonly [Candidate<Part>] = () => [candidate];
  // The attempt loop alone takes the ways to go on, in their order.
  void runAttempts({ model: "m", candidates, reader, commit: "continue", continueBy: ["prefill", "replay"] });
  void runAttempts({ model: "m", candidates, reader, commit: { continue: "replay" }, random: Math.random });
  // @ts-expect-error: no such way
  void runAttempts({ model: "m", candidates, reader, continueBy: ["trim"] });
}
type Part = { readonly text: string };
declare const candidate: Candidate<Part>;
declare const reader: PartReader<Part, string>;

{
  // What is handed out has a name, and what another package's loop needs is there.
  const settings: SettingsById<"own"> = { own: { limits: { maxConcurrent: 1 } } satisfies ProviderSettings };
  const health: CandidateHealth = createHealth({ providers: settings }).of("own", "own-1");
  const place: Place | undefined = health.limiter?.take(() => {});
  const guarded: GuardedCall | undefined = health.breaker?.begin();
  const call: OwnOfCall = { ownToken: true };
  health.begin(call).leave();
  void [place, guarded];
  const filtered: PartReader<Part, string> = {
    ...reader,
    emptyError: (finish, { provider }) =>
      finish.text === "filtered" ? new QwenError("content_policy", "No.", { provider }) : undefined,
  };
  void filtered;
  const first: Candidate<Part> = chooseCandidate([candidate, candidate], { strategy: "weighted", random: Math.random });
  void first;
  // @ts-expect-error: there must be somebody to choose
  chooseCandidate([], { strategy: "in-order", random: Math.random });
  // @ts-expect-error: limits are no function
  createHealth({ limits: () => undefined });
}
