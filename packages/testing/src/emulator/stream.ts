import type { ServerResponse } from "node:http";

import { repeat } from "../server/clock.ts";
import type { Fault, FaultName } from "./faults.ts";
import type { Flavour, WireMessage } from "./flavour.ts";
import type { Queue } from "./queue.ts";
import type { Sessions } from "./sessions.ts";

/** Options of {@link streamSession}. */
export interface StreamOptions {
  readonly sessionHash: string;
  readonly sessions: Sessions;
  readonly queue: Queue;
  readonly flavour: Flavour;
  readonly heartbeatMs: number;
  readonly faults: readonly Fault[];
  /** One message as an event, or `undefined` where this stream leaves it out. */
  format(message: WireMessage): string | undefined;
  write(text: string): void;
}

const HEARTBEAT: WireMessage = { msg: "heartbeat", event_id: null };
const CLOSE_STREAM: WireMessage = { msg: "close_stream", event_id: null };

/**
 * Tells a session's messages to a client until every job of the session has told its end.
 *
 * A client that leaves before that stops the session's jobs, as on a real server; so does a fault that cuts the stream.
 */
export function streamSession(response: ServerResponse, options: StreamOptions): void {
  const { sessionHash, sessions, queue, flavour, heartbeatMs, write, format } = options;
  const say = (message: WireMessage): void => {
    const text = format(message);
    if (text !== undefined) write(text);
  };
  const has = (name: FaultName): boolean => options.faults.some((fault) => fault.name === name);
  const timers: NodeJS.Timeout[] = [];
  let ended = false;
  let muted = has("headers-only");
  let beating = !muted;

  const session = sessions.get(sessionHash);
  const stop = (): void => {
    ended = true;
    session?.readers.delete(pump);
    for (const timer of timers) clearInterval(timer);
  };
  /** Ends the body as a real server ends one after an exception: without the last chunk. */
  const breakOff = (message: WireMessage): void => {
    stop();
    say(message);
    response.socket?.end();
  };

  if (session === undefined || has("session-not-found")) return breakOff(flavour.sessionNotFound());

  const cut = createCuts(options.faults, {
    say,
    write,
    mute: (withHeartbeats) => {
      muted = true;
      beating = !withHeartbeats;
    },
    leave: () => {
      stop();
      queue.leave(sessionHash);
    },
    response,
  });

  function pump(): void {
    while (!ended && !muted) {
      if (sessions.get(sessionHash) !== session) return breakOff(flavour.sessionNotFound());
      const message = session?.messages.shift();
      if (message === undefined) return;
      if (cut.before(message)) return;
      if (!(has("missing-completion") && message.msg === "process_completed")) say(cut.change(message));
      if (message.msg === "process_completed" && message.event_id !== null) {
        sessions.settle(sessionHash, message.event_id);
        if (sessions.settled(sessionHash)) {
          stop();
          say(CLOSE_STREAM);
          response.end();
          return;
        }
      }
      if (cut.after(message)) return;
    }
  }

  response.on("close", () => {
    if (ended) return;
    stop();
    queue.leave(sessionHash);
  });
  timers.push(repeat(heartbeatMs, () => (beating ? say(HEARTBEAT) : undefined)));
  session.readers.add(pump);
  pump();
}

interface Cuts {
  /** Whether a fault takes this message's place, and the stream with it. */
  before(message: WireMessage): boolean;
  after(message: WireMessage): boolean;
  change(message: WireMessage): WireMessage;
}

interface CutTargets {
  say(message: WireMessage): void;
  write(text: string): void;
  mute(withHeartbeats: boolean): void;
  leave(): void;
  readonly response: ServerResponse;
}

const CUTTING: readonly FaultName[] = ["eof", "reset", "truncated", "stall", "heartbeats-only", "server-stopped"];
const INSERTING: readonly FaultName[] = ["unknown-message", "garbage-line"];

function createCuts(faults: readonly Fault[], { say, write, mute, leave, response }: CutTargets): Cuts {
  const pending = faults.filter(({ name }) => CUTTING.includes(name) || INSERTING.includes(name));
  let outputs = 0;

  function strike(fault: Fault, next: WireMessage | undefined): boolean {
    switch (fault.name) {
      case "eof":
        leave();
        response.end();
        return true;
      case "reset":
        leave();
        // A reset throws away what has not been read yet; a moment later the client has it.
        setTimeout(() => response.socket?.resetAndDestroy(), 20);
        return true;
      case "truncated":
        leave();
        write(
          `data: ${JSON.stringify(next ?? { msg: "process_generating", event_id: null, output: {} }).slice(0, 40)}`,
        );
        response.end();
        return true;
      case "server-stopped":
        leave();
        say({ msg: "unexpected_error", event_id: null, message: "Server stopped unexpectedly.", success: false });
        response.socket?.end();
        return true;
      case "stall":
        mute(true);
        return true;
      case "heartbeats-only":
        mute(false);
        return true;
      case "unknown-message":
        say({ msg: "weather_report", event_id: next?.event_id ?? null, output: { data: ["sunny"] } });
        return false;
      case "garbage-line":
        write("data: {this is not JSON\n\n");
        return false;
      default:
        return false;
    }
  }

  /** Strikes with every fault whose time has come. */
  function due(next: WireMessage | undefined): boolean {
    for (const fault of pending.filter(({ after = 1 }) => after === outputs)) {
      pending.splice(pending.indexOf(fault), 1);
      if (strike(fault, next)) return true;
    }
    return false;
  }

  return {
    before: (message) => outputs === 0 && isOutput(message) && due(message),
    after(message) {
      if (message.msg !== "process_generating") return false;
      outputs += 1;
      return due(undefined);
    },
    change(message) {
      if (outputs > 0 || message.msg !== "process_generating" || !faults.some(({ name }) => name === "first-edit"))
        return message;
      const output = message["output"] as { readonly data: readonly unknown[] };
      // An edit of something this client never saw: Gradio sends one where it takes a new run for an old one.
      return { ...message, output: { ...output, data: output.data.map(() => []) } };
    },
  };
}

function isOutput({ msg }: WireMessage): boolean {
  return msg === "process_generating" || msg === "process_completed";
}
