// The router's own cost, on a provider that answers from memory: with breaker, limits, timers and an observer.
import { createRouter, type Provider, type ProviderPart } from "@qwen/core";

const CAPABILITIES = {
  images: false,
  system: "native",
  history: "native",
  conversation: false,
  tools: false,
  json: false,
} as const;
const DELTA: ProviderPart = { type: "text-delta", text: "0000000." };
const FINISH: ProviderPart = { type: "finish", reason: "stop", warnings: [] };
const REQUEST = { model: "model", messages: [{ role: "user", content: "Hi" }] } as const;

let deltas = 1;
const provider: Provider = {
  id: "scripted",
  models: [{ id: "model", aliases: [], capabilities: CAPABILITIES }],
  stream: () => scripted(deltas),
};
const router = createRouter({ plugins: [provider], limits: { maxConcurrent: 64 } });
let events = 0;
router.observe(() => {
  events += 1;
});

function scripted(count: number): AsyncIterableIterator<ProviderPart, undefined> {
  let index = 0;
  return {
    next() {
      index += 1;
      if (index <= count) return Promise.resolve({ done: false, value: DELTA });
      return Promise.resolve(index === count + 1 ? { done: false, value: FINISH } : { done: true, value: undefined });
    },
    return: () => Promise.resolve({ done: true, value: undefined }),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** CPU time of one call, in µs. */
async function cost(calls: number, stream: () => AsyncIterable<unknown>): Promise<number> {
  const before = process.cpuUsage();
  for (let call = 0; call < calls; call += 1) for await (const _ of stream());
  const { user, system } = process.cpuUsage(before);
  return (user + system) / calls;
}

async function difference(calls: number): Promise<number> {
  const routed = await cost(calls, () => router.stream(REQUEST));
  return routed - (await cost(calls, () => provider.stream(REQUEST)));
}

const perCall: number[] = [];
const perPart: number[] = [];
// The first rounds are those in which the compiler learns.
for (let round = -3; round < 9; round += 1) {
  deltas = 1;
  const call = await difference(4000);
  deltas = 50_000;
  const part = ((await difference(2)) - call) / deltas;
  if (round < 0) continue;
  perCall.push(call);
  perPart.push(part);
}
if (events === 0) throw new Error("The observer saw nothing.");
process.stdout.write(`${JSON.stringify({ perCall, perPart })}\n`);
