import { QwenError, SpaceChangedError } from "../errors.ts";
import type { AbortSource } from "../stop.ts";
import { within } from "../timers.ts";
import { bounded } from "./clean-ups.ts";
import type { SpaceClient } from "./client.ts";
import { endpointNames } from "./config.ts";
import { readInfo } from "./jobs.ts";
import type { SpacePage } from "./session-definition.ts";
import { SharedWork } from "./shared-work.ts";

/** Longest time that a failed call waits to learn whether its Space was changed, in ms. */
const LOOK_MS = 5000;

/** How long a plan is trusted, in ms: a Space may be deployed anew while a process runs on. */
const TRUST_MS = 600_000;

/** How plans are made of what a Space says of itself, and told apart. */
export interface Planner<Plan> {
  plan(page: SpacePage): Plan | Promise<Plan>;
  isSame(before: Plan, after: Plan): boolean;
}

/** The plan of how to answer by one Space: made when it is needed, once for all who need it. */
export class SpacePlan<Plan> {
  readonly #client: SpaceClient;
  readonly #planner: Planner<Plan>;
  readonly #making: SharedWork<Plan>;
  #known: { readonly plan: Plan; readonly madeAt: number } | undefined;

  constructor(client: SpaceClient, planner: Planner<Plan>) {
    this.#client = client;
    this.#planner = planner;
    this.#making = new SharedWork(async (signal) => {
      const plan = await makePlan(client, planner, signal);
      this.#known = { plan, madeAt: performance.now() };
      return plan;
    });
  }

  /** Gives it, or makes it. Rejects as reading does, or with what the planner throws; neither is kept. */
  get(signal: AbortSource): Promise<Plan> {
    return this.#known === undefined ? this.#making.wait(signal) : Promise.resolve(this.#known.plan);
  }

  /** Makes it anew for the calls to come, behind one that ended well, where it is older than 600,000 ms. */
  renewBehind(): void {
    if (this.#known === undefined || performance.now() - this.#known.madeAt < TRUST_MS || this.#making.isUnderWay)
      return;
    this.#client.cleanUps.add(bounded(async (signal) => void (await this.#making.wait(signal))));
  }

  /**
   * Makes it anew, after a failure that a Space which was changed would show. Rejects with `space_changed` where it is another
   * one than the call followed, or none can be made now. What cannot be read within 5,000 ms proves nothing, so it resolves.
   */
  async verify(followed: Plan, signal: AbortSource): Promise<void> {
    const making = this.#making.wait(signal);
    const made = await within(
      LOOK_MS,
      making.then(
        (plan) => ({ plan, why: undefined }),
        (why: unknown) => ({ plan: undefined, why }),
      ),
    );
    if (made === undefined) return;
    const { plan, why } = made;
    if (plan !== undefined && this.#planner.isSame(followed, plan)) return;
    if (plan === undefined && !(QwenError.isInstance(why) && why.code === "unsupported")) return;
    if (plan === undefined) this.#known = undefined;
    const { url, config } = this.#client;
    throw new SpaceChangedError(
      `${url.host} was changed while it was used: ${plan === undefined ? "no chat is found in it any more" : "its chat is another one now, which the next call uses"}.`,
      { endpoints: config.known === undefined ? [] : endpointNames(config.known), cause: why },
    );
  }
}

/** Reads `/config` of a Space, and plans by it. */
export async function makePlan<Plan>(
  client: SpaceClient,
  planner: Pick<Planner<Plan>, "plan">,
  signal: AbortSource,
): Promise<Plan> {
  const { config, json } = await client.config.readWhole(signal);
  return planner.plan({
    url: new URL(client.url),
    version: config.version,
    config: json,
    info: () => readInfo(client, { signal }),
  });
}
