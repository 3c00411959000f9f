import { QwenError } from "../errors.ts";
import { within } from "../timers.ts";
import type { Call } from "../call.ts";
import type { SpaceClient } from "./client.ts";
import {
  clientOf,
  hasNoRoute,
  Job,
  mayHaveChanged,
  runUnqueued,
  Session,
  TrackedEndpoint,
  wasLost,
  whenAwake,
} from "./jobs.ts";
import { FRESH_MS, knownEndpoints } from "./known-endpoints.ts";
import { hasFiles, sendFiles } from "./input-files.ts";
import { copyOfJson } from "./json.ts";
import { requireSame, type RanEndpoint } from "./same-endpoint.ts";
import { argumentsFor } from "./named-arguments.ts";
import type { Running } from "./running.ts";
import type { SessionTurns } from "./session-turns.ts";
import { SharedSession } from "./shared-session.ts";
import { RunListener } from "./run-listener.ts";
import type { SpaceMessage } from "./space-message.ts";
import { pathIn, StoredFile, type FileAccess } from "./stored-file.ts";

/** Longest time that a first call waits to learn whether it gave too much, in ms. */
const LOOK_MS = 5000;

/** How long it is trusted that an endpoint stands where it stood, in ms: an app may be deployed anew while a process runs on. */
const TRUST_MS = 600_000;

/** Runs any endpoint once: pushes what its job says, the final `completed` last. */
export async function runEndpoint(running: Running, call: Call<SpaceMessage>): Promise<void> {
  // It may have ended while this file was loaded.
  call.stop.throwIfAborted();
  const client = clientOf(running.client);
  const { asked, lastOnly, turns } = running;
  const run = { client, asked, lastOnly, turns, limits: () => running.limits() };
  await (turns === undefined ? runAwake(run, call) : runInTurn(run, { call, turns }));
}

/** The run, with the client that it was to be loaded for. */
interface ClientRun extends Pick<Running, "asked" | "lastOnly" | "turns" | "limits"> {
  readonly client: SpaceClient;
}

async function runInTurn(
  running: ClientRun,
  { call, turns }: { readonly call: Call<SpaceMessage>; readonly turns: SessionTurns },
): Promise<void> {
  const giveOn = await turns.take(call.stop, running.limits().queueMs);
  const run = runAwake(running, call);
  void run
    // A job that is stopped late would be taken for the next one of its session. One that ended by itself left nothing behind.
    .catch((error: unknown) => (isItsOwnEnd(error) ? undefined : running.client.cleanUps.settled()))
    .then(() => turns.session?.quiet())
    .then(giveOn);
  await run;
}

/** Whether a call failed as its job did, or before it had one. */
function isItsOwnEnd(error: unknown): boolean {
  return QwenError.isInstance(error) && (error.code === "space_error" || error.code === "invalid_request");
}

function runAwake(running: ClientRun, call: Call<SpaceMessage>): Promise<void> {
  const { client } = running;
  // What is told of a Space that sleeps is nothing that its job said.
  const tell = (message: string): void => call.flow.push({ type: "log", level: "info", message });
  const mayRepeat = (): boolean => !call.hasSpoken;
  return whenAwake({ client, stop: call.stop, mayRepeat, tell }, () => runAlone(running, call));
}

async function runAlone(running: ClientRun, call: Call<SpaceMessage>): Promise<void> {
  const { client, asked } = running;
  const { config } = client;
  const endpoint = new TrackedEndpoint(client, asked);
  let ran: RanEndpoint | undefined;
  const once = (inputs: readonly unknown[], opened = sessionOf(running)): Promise<void> => {
    ran = { endpoint, fnIndex: endpoint.fnIndex, inputs, signal: call.stop };
    return runOnce(running, { call, ran, opened });
  };
  try {
    const given = await inputsOf(running, { call, endpoint });
    endpoint.require();
    const opened = sessionOf(running);
    const { session } = opened;
    const inputs = await sendFiles(given, { session, timeouts: running.limits(), stop: call.stop });
    const byName = endpoint.fnIndex === undefined;
    const isBlind = config.known === undefined;
    await once(inputs, opened).catch(async (error: unknown) => {
      const known = byName && endpoint.fnIndex !== undefined;
      if (call.stop.aborted) throw error;
      // A session that others share is not opened anew.
      const mayAsk = (wasLost(error) && running.turns === undefined) || (known && hasNoRoute(error));
      if (mayAsk) return once(inputs);
      if (!isBlind || !mayLackInputs(error)) throw error;
      await config.read(call.stop).catch(() => {});
      if (!hasLacked(client, { endpoint, inputs })) throw error;
      // Its function was not run: its server looked at how many there are.
      return once(await inputsOf(running, { call, endpoint }));
    });
  } catch (error) {
    // A wrong name answers 500 like any failure, and so does an app that was changed. Now that it costs nothing, look.
    if (QwenError.isInstance(error) && error.status === 500) {
      const read = await config.readAgain(call.stop).catch(() => undefined);
      if (read !== undefined) endpoint.require();
    } else if (ran !== undefined && !call.stop.aborted && mayHaveChanged(error))
      await requireSame(client, ran, FRESH_MS);
    throw error;
  }
}

/** What an endpoint is run in. */
interface Circumstances {
  readonly call: Call<SpaceMessage>;
  readonly endpoint: TrackedEndpoint;
}

/**
 * What was given, as a list of inputs. A list goes as it is where nothing is known that speaks against it; for all else it is looked
 * up what the endpoint takes.
 */
async function inputsOf(running: ClientRun, circumstances: Circumstances): Promise<readonly unknown[]> {
  const { client, asked } = running;
  const { inputs } = asked;
  const { call, endpoint } = circumstances;
  // How large a file may be only the config says.
  if (client.config.known === undefined && hasFiles(inputs, client)) await client.config.read(call.stop);
  const isReady = Array.isArray(inputs) && !inputs.includes(undefined) && endpoint.takes(inputs.length);
  if (isReady) return inputs;
  try {
    return await lookedUp(running, { ...circumstances, maxAgeMs: Infinity });
  } catch (error) {
    // Before a call is refused it is made sure that its Space is still what it was; what was read just now is.
    if (!QwenError.isInstance(error) || error.code !== "invalid_request") throw error;
    return lookedUp(running, { ...circumstances, maxAgeMs: FRESH_MS });
  }
}

/** The same, by what its endpoint takes. */
async function lookedUp(
  { client, asked: { inputs } }: ClientRun,
  { call, endpoint, maxAgeMs }: Circumstances & { readonly maxAgeMs: number },
): Promise<readonly unknown[]> {
  const endpoints = await knownEndpoints(client, { signal: call.stop, maxAgeMs });
  endpoint.require();
  const found = endpoints.find((one) => one.endpoint.fnIndex === endpoint.fnIndex);
  if (found !== undefined) return argumentsFor(found, inputs);
  const { host } = client.url;
  throw new QwenError(
    "invalid_request",
    `${host} has nothing to run for ${JSON.stringify(endpoint.which).slice(0, 80)}.`,
  );
}

/** Whether a failure is as that of a job that got fewer inputs than its function has. */
function mayLackInputs(error: unknown): boolean {
  if (!QwenError.isInstance(error)) return false;
  if (error.code === "space_error") return error.hidden || /enough input values/i.test(error.message);
  return error.code === "unsupported";
}

/** Whether an endpoint that was called by its name had too few inputs, so that its function was not run. */
function hasLacked({ config }: SpaceClient, { endpoint, inputs }: Pick<RanEndpoint, "endpoint" | "inputs">): boolean {
  if (endpoint.count === undefined || endpoint.count === inputs.length) return false;
  // From Gradio 6 on the server fills in what only it knows.
  return /^[45]\./.test(config.known?.version ?? "") || !endpoint.takes(inputs.length);
}

/** One try to run it. */
interface Try {
  readonly call: Call<SpaceMessage>;
  readonly ran: RanEndpoint;
  readonly opened: ReturnType<typeof sessionOf>;
}

async function runOnce(running: ClientRun, { call, ran, opened }: Try): Promise<void> {
  const { client, asked, lastOnly } = running;
  const { options } = asked;
  const { endpoint, inputs } = ran;
  const { fnIndex, queue } = endpoint.now;
  const { session, isNew } = opened;
  const timeouts = running.limits();
  if (fnIndex !== undefined && !queue) {
    const data = await runUnqueued({
      session,
      fnIndex,
      inputs: endpoint.filled(inputs),
      signal: call.stop,
      timeouts,
    });
    await requireSame(client, ran, TRUST_MS);
    call.push({ type: "completed", data: copyOfJson(data, filesOf({ session, timeouts })).copy });
    return;
  }
  const asFile = filesOf({ session, timeouts });
  const listener = new RunListener(call, { whole: fnIndex === undefined, lastOnly, asFile });
  // In a session that the server knows, an early stream may find what another job has left.
  const earlyStream = client.earlyStream && isNew;
  const { maxQueueMs } = options;
  const { clock } = call;
  call.follow(new Job({ session, endpoint, fnIndex, inputs, timeouts, clock, maxQueueMs, earlyStream, listener }));
  const last = await listener.ended;
  const isLookedAt = fnIndex === undefined && inputs.length > 0;
  if (isLookedAt) await requireCount(running, { call, endpoint, inputs });
  await requireSame(client, ran, TRUST_MS);
  call.push(last);
  // Read behind the first call, so that later ones get edits instead of whole values.
  const { config, cleanUps } = client;
  if (!isLookedAt && config.known === undefined) cleanUps.add(config.readBehind());
}

/**
 * Throws where a first call, which went out before it was known what its endpoint takes, gave too much: its server passes over that. A
 * config that cannot be read within 5,000 ms proves nothing.
 */
async function requireCount(
  running: ClientRun,
  { inputs, ...circumstances }: Circumstances & { readonly inputs: readonly unknown[] },
): Promise<void> {
  const { config, cleanUps } = running.client;
  const reading = config.readBehind();
  cleanUps.add(reading);
  await within(LOOK_MS, reading).catch(() => {});
  circumstances.call.stop.throwIfAborted();
  const { count } = circumstances.endpoint;
  if (count !== undefined && inputs.length > count) await inputsOf(running, circumstances);
}

/** The session to run in: one of its own, or the one that is shared, with the headers of this call. */
function sessionOf({ client, asked, turns }: ClientRun): { readonly session: Session; readonly isNew: boolean } {
  const { headers } = asked.options;
  if (turns === undefined) return { session: new Session(client, { headers }), isNew: true };
  const { session: same } = turns;
  const session = new SharedSession(client, { same, headers });
  turns.session ??= session;
  return { session, isNew: same === undefined };
}

/** Makes files of what a Space says of them. */
function filesOf(access: FileAccess): (object: object) => unknown {
  return (object) => {
    const path = pathIn(object);
    return path === undefined ? undefined : new StoredFile({ ...object }, path, access);
  };
}
