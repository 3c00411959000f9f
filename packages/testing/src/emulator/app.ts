import { createHash, randomBytes } from "node:crypto";

import type { UploadedFile } from "../server/exchange.ts";
import { jsonReply, type Reply } from "../server/reply.ts";
import { isRecord, type JoinBody, readCancelBody, readJoinBody } from "./bodies.ts";
import { callEvent } from "./call-event.ts";
import { checked, withState } from "./checked.ts";
import { configOf, infoOf, newAppId } from "./config.ts";
import type { Fault, SpaceFaults, RouteName } from "./faults.ts";
import type { Flavour, WireMessage } from "./flavour.ts";
import type { Job } from "./job.ts";
import type { Queue } from "./queue.ts";
import { internalErrorReply } from "./replies.ts";
import { cookiesOf, type RecordedRequest } from "./request.ts";
import { ScriptedFailure } from "./script.ts";
import type { FunctionCall, Space, SpaceFunction } from "./space.ts";

/** An answer that goes on: one session's messages, or the signs of life of a page. */
export type StreamReply =
  | { readonly stream: "session"; readonly sessionHash: string; format(message: WireMessage): string | undefined }
  | { readonly stream: "heartbeat" };

/** Options of {@link createApp}. */
export interface AppOptions {
  readonly space: Space;
  readonly flavour: Flavour;
  readonly queue: Queue;
  readonly faults: SpaceFaults;
  readonly auth: Readonly<Record<string, string>> | undefined;
  /** Of a call that no queue knows. */
  call(job: Pick<Job, "data" | "sessionHash" | "prompt">): FunctionCall;
}

/** What an app is asked. */
export interface AppRequest {
  readonly record: RecordedRequest;
  readonly route: RouteName;
  readonly parameters: readonly string[];
  readonly query: URLSearchParams;
  /** Host and port as the client knows them. */
  readonly host: string;
  readonly faults: readonly Fault[];
}

/** A Gradio app: answers requests as its routes do. */
export type App = (request: AppRequest) => Promise<Reply | StreamReply>;

/** Builds the app of a Space. */
export function createApp({ space, flavour, queue, faults, auth, call }: AppOptions): App {
  const appId = newAppId();
  const cookieId = randomBytes(16).toString("base64url");
  const users = new Map<string, string>();
  const uploads = new Set<string>();

  const userOf = ({ headers }: RecordedRequest): string | undefined => {
    const cookies = cookiesOf(headers);
    const token = cookies.get(`access-token-${cookieId}`) ?? cookies.get(`access-token-unsecure-${cookieId}`);
    return token === undefined ? undefined : users.get(token);
  };

  function functions(): readonly SpaceFunction[] {
    let all = space.functions;
    if (faults.has("changed-endpoint")) all = all.map((fn) => ({ ...fn, apiName: `${fn.apiName}_v2` }));
    if (faults.has("changed-fn-index")) all = [{ apiName: "welcome", inputs: [], outputs: [], run: welcome }, ...all];
    return all;
  }

  const named = (name: string): number => functions().findIndex(({ apiName }) => apiName === name);

  function join(fnIndex: number, body: JoinBody, simpleFormat: boolean, struck: readonly Fault[]): Reply {
    const fn = functions()[fnIndex];
    if (fn === undefined) return internalErrorReply(flavour);
    const slow = struck.find(({ name }) => name === "slow-queue");
    const joined = queue.join({
      fnIndex,
      fn: checked(fn, uploads),
      data: simpleFormat && flavour.fillsState ? withState(body.data, fn, space) : body.data,
      sessionHash: body.sessionHash,
      simpleFormat: simpleFormat || body.simpleFormat,
      ahead: slow && { positions: slow.positions ?? 3, ms: slow.ms ?? 1000 },
    });
    return "full" in joined ? jsonReply(503, { detail: joined.full }) : jsonReply(200, { event_id: joined.eventId });
  }

  async function run(fnIndex: number, { data, sessionHash }: JoinBody): Promise<Reply> {
    const fn = functions()[fnIndex];
    if (fn === undefined) return internalErrorReply(flavour);
    const values = checked(fn, uploads).run(call({ data, sessionHash: sessionHash ?? "" }));
    const iterator = values[Symbol.asyncIterator]();
    try {
      const { done = false, value } = await iterator.next();
      const outputs = done ? fn.outputs.map(() => null) : (value as readonly unknown[]);
      return jsonReply(
        200,
        flavour.output(outputs, { isGenerating: !done && fn.generates === true, durationS: 0, averageS: 0 }),
      );
    } catch (error) {
      const failure = error instanceof ScriptedFailure ? error : { message: String(error), hidden: true };
      return jsonReply(500, flavour.failed("", failure, { first: true })["output"]);
    } finally {
      await iterator.return?.();
    }
  }

  function login(body: unknown): Reply {
    const { username, password } = (isRecord(body) ? body : {}) as { username?: string; password?: string };
    if (auth === undefined) return { status: 302, headers: { location: "/" }, body: "" };
    if (username === undefined || password === undefined || auth[username.trim()] !== password) {
      return jsonReply(400, { detail: "Incorrect credentials." });
    }
    const token = randomBytes(16).toString("base64url");
    users.set(token, username.trim());
    const cookies = [
      `access-token-${cookieId}=${token}; HttpOnly; Path=/; SameSite=none; Secure`,
      `access-token-unsecure-${cookieId}=${token}; HttpOnly; Path=/; SameSite=lax`,
    ];
    return jsonReply(200, { success: true }, { "set-cookie": cookies });
  }

  function upload(body: unknown): Reply {
    const files =
      isRecord(body) && Array.isArray(body["files"]) ? (body["files"] as readonly UploadedFile[]) : undefined;
    if (files === undefined) return jsonReply(400, { detail: "Invalid content type." });
    const paths = files
      .filter(({ field }) => field === "files")
      .map(({ name, bytes }) => `/tmp/gradio/${createHash("sha256").update(bytes).digest("hex")}/${name}`);
    for (const path of paths) uploads.add(path);
    return jsonReply(200, paths);
  }

  return async ({ record, route, parameters, query, host, faults: struck }) => {
    const user = userOf(record);
    if (auth !== undefined && user === undefined && GUARDED.includes(route))
      return jsonReply(401, { detail: flavour.notAuthenticated });
    const [parameter = "", second = ""] = parameters;

    switch (route) {
      case "config": {
        const elsewhere = struck.find(({ name }) => name === "config-root");
        const root = elsewhere === undefined ? `http://${host}` : (elsewhere.to ?? "http://elsewhere.invalid");
        return jsonReply(200, configOf(space, functions(), { flavour, root, appId, username: user ?? null }));
      }
      case "info":
        return jsonReply(200, infoOf(space, functions(), flavour));
      case "join": {
        const body = readJoinBody(record.body);
        if ("status" in body) return body;
        if (body.sessionHash === undefined) return jsonReply(400, { detail: "Session hash not found." });
        if (body.fnIndex === undefined) return jsonReply(400, { detail: "No function index provided." });
        return join(body.fnIndex, body, false, struck);
      }
      case "call": {
        const body = readJoinBody(record.body);
        return "status" in body ? body : join(named(parameter), body, true, struck);
      }
      case "run": {
        const body = readJoinBody(record.body);
        return "status" in body ? body : run(body.fnIndex ?? named(parameter), body);
      }
      case "data":
        return {
          stream: "session",
          sessionHash: query.get("session_hash") ?? "",
          format: (message) => `data: ${JSON.stringify(message)}\n\n`,
        };
      case "call-data": {
        const sessionHash = (flavour.findsSessionOfEvent ? queue.sessionOf(second) : undefined) ?? second;
        return { stream: "session", sessionHash, format: (message) => callEvent(message, flavour) };
      }
      case "cancel": {
        const target = readCancelBody(record.body);
        if ("status" in target) return target;
        await queue.cancel(target);
        return jsonReply(200, { success: true });
      }
      case "heartbeat":
        return { stream: "heartbeat" };
      case "upload":
        return upload(record.body);
      case "login":
        return login(record.body);
      case "other":
        return jsonReply(404, { detail: "Not Found" });
    }
  };
}

const GUARDED: readonly RouteName[] = ["config", "info", "join", "data", "call", "call-data", "run", "upload"];

async function* welcome(): AsyncGenerator<readonly unknown[], void, undefined> {
  yield ["Welcome!"];
}
