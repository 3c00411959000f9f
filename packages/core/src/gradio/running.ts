import { field } from "../field.ts";
import { withoutSecrets } from "../error-secrets.ts";
import { QwenError } from "../errors.ts";
import type { Timeouts } from "../provider.ts";
import { secretsIn } from "../secrets.ts";
import { resolveTimeouts, type ResolvedTimeouts } from "../timers.ts";
import type { Call, CallWork } from "../call.ts";
import type { LaterClient } from "./later-client.ts";
import { spaceCalls } from "./loaded-later.ts";
import type { SessionTurns } from "./session-turns.ts";
import { weightOfMessage, type SpaceMessage } from "./space-message.ts";
import type { Submission } from "./submit-options.ts";

const SPACE_TIMEOUTS: Timeouts = { firstOutputMs: 300_000 };

/** How to run an endpoint. */
export interface RunningOptions {
  readonly client: LaterClient;
  /** The limits below its own. */
  readonly timeouts: Timeouts | undefined;
  /** The outputs on the way are not told: each message of theirs takes a copy of all. */
  readonly lastOnly?: boolean | undefined;
  /** Of the session that it is run in. @defaultValue one of its own */
  readonly turns?: SessionTurns | undefined;
}

/** One run of any endpoint: pushes what its job says, the final `completed` last. What that takes is loaded with the first. */
export class Running implements CallWork<SpaceMessage> {
  readonly client: LaterClient;
  readonly lastOnly: boolean;
  readonly turns: SessionTurns | undefined;
  readonly #timeouts: Timeouts | undefined;
  readonly #take: () => Submission;

  /** `take` gives what was asked, or throws what is wrong with it. */
  constructor({ client, timeouts, turns, lastOnly = false }: RunningOptions, take: () => Submission) {
    this.client = client;
    this.lastOnly = lastOnly;
    this.turns = turns;
    this.#timeouts = timeouts;
    this.#take = take;
  }

  /** What was asked. Throws what is wrong with it. */
  get asked(): Submission {
    return this.#take();
  }

  limits(): ResolvedTimeouts {
    return resolveTimeouts(this.asked.options.timeouts, this.#timeouts, SPACE_TIMEOUTS);
  }

  weigh(message: SpaceMessage): number {
    return weightOfMessage(message);
  }

  asOwnError(error: unknown): unknown {
    if (!QwenError.isInstance(error)) return error;
    // What could not be read has sent none.
    return withoutSecrets(error, secretsIn(field(() => this.asked.options.headers)));
  }

  run(call: Call<SpaceMessage>): Promise<void> {
    return (
      spaceCalls.now?.runEndpoint(this, call) ?? spaceCalls.load().then(({ runEndpoint }) => runEndpoint(this, call))
    );
  }
}
