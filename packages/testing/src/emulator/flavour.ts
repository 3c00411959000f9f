import { randomUUID } from "node:crypto";

import { pythonRepr } from "./python.ts";

/** A version of Gradio that the emulator speaks. */
export type GradioVersion = (typeof gradioVersions)[number];

/** All of them. */
export const gradioVersions = ["4.44.1", "5.50.0", "6.31.0"] as const;

/** A message of the queue protocol, as it stands on the wire. */
export interface WireMessage {
  readonly msg: string;
  readonly event_id: string | null;
  readonly [field: string]: unknown;
}

/** How an app fails: by `gr.Error`, or by any other exception, whose text Gradio hides. */
export interface AppFailure {
  readonly message: string;
  readonly hidden: boolean;
  /** @defaultValue "Error" */
  readonly title?: string | undefined;
}

/** What differs between versions of Gradio. */
export interface Flavour {
  readonly version: GradioVersion;
  /** Before every path but `/config` and `/login`. */
  readonly prefix: "" | "/gradio_api";
  /** How often the queue looks for work, in ms. */
  readonly pollMs: number;
  /** 6.x takes a cancelled job out of the queue, and answers `/cancel` only when its running step has ended. */
  readonly cancelReaches: "running" | "queued-and-running";
  /** Whether `GET /call/{api}/{event}` finds a session by the event's id. */
  readonly findsSessionOfEvent: boolean;
  /** Whether `/call` fills in the State slots that a caller left out. */
  readonly fillsState: boolean;
  readonly shiftsDeletions: boolean;
  /** Whether the chatbot's text passes `inspect.cleandoc`. */
  readonly cleansChatbot: boolean;
  /** Of 500 answers. 5.50's is a traceback with the server's paths. */
  readonly internalError: string;
  readonly notAuthenticated: unknown;
  output(
    data: readonly unknown[],
    options: { readonly isGenerating: boolean; readonly durationS: number; readonly averageS: number },
  ): Record<string, unknown>;
  generating(eventId: string, output: Record<string, unknown>): WireMessage;
  completed(eventId: string, output: Record<string, unknown>): WireMessage;
  failed(eventId: string, failure: AppFailure, options: { readonly first: boolean }): WireMessage;
  /** What `/call/{api}/{event}` tells of a failure. */
  callError(message: WireMessage): unknown;
  log(eventId: string, text: string, level: string): WireMessage;
  sessionNotFound(): WireMessage;
}

/** The flavour of one version. */
export function flavourOf(version: GradioVersion): Flavour {
  const is4 = version === "4.44.1";
  const is6 = version === "6.31.0";

  const completion = (
    eventId: string,
    output: Record<string, unknown>,
    { success, title }: { readonly success: boolean; readonly title: string | null },
  ): WireMessage => {
    // The end of a job that failed at once leaves these out; after that 6.x takes them from whatever the output is.
    const { duration = null, average_duration: average = null } = title === null ? output : {};
    return {
      msg: "process_completed",
      event_id: eventId,
      output,
      success,
      ...(is4 ? {} : { title }),
      ...(is6 ? { used_cache: null, cache_duration: duration, avg_time: average } : {}),
    };
  };

  return {
    version,
    prefix: is4 ? "" : "/gradio_api",
    pollMs: is6 ? 1 : 50,
    cancelReaches: is6 ? "queued-and-running" : "running",
    findsSessionOfEvent: is6,
    fillsState: is6,
    shiftsDeletions: !is4,
    cleansChatbot: version !== "5.50.0",
    internalError:
      version === "5.50.0"
        ? 'Traceback (most recent call last):\n  File "/home/user/app/app.py", line 1, in <module>\nKeyError\n'
        : "Internal Server Error",
    notAuthenticated: is4 ? "Not authenticated" : { error: "Not authenticated", auth_message: null },

    output: (data, { isGenerating, durationS, averageS }) => ({
      data,
      is_generating: isGenerating,
      duration: durationS,
      average_duration: averageS,
      render_config: null,
      changed_state_ids: [],
      ...(is6 ? { used_cache: null } : {}),
    }),

    generating: (eventId, output) => ({
      msg: "process_generating",
      event_id: eventId,
      output,
      success: true,
      ...(is4 ? {} : { time_limit: null }),
    }),

    completed: (eventId, output) => completion(eventId, output, { success: true, title: null }),

    failed(eventId, { message, hidden, title = "Error" }, { first }) {
      const shown = is4
        ? { error: pythonRepr(message), duration: 10, visible: true }
        : { error: message, duration: 10, visible: true, title };
      const firstTitle = hidden ? "Error" : title;
      return completion(eventId, hidden ? { error: null } : shown, {
        success: false,
        title: first ? firstTitle : null,
      });
    },

    callError: ({ output }) => (is6 ? output : null),

    log: (eventId, text, level) => ({
      msg: "log",
      event_id: eventId,
      log: text,
      level,
      duration: 10,
      visible: true,
      ...(is4 ? {} : { title: `${level.charAt(0).toUpperCase()}${level.slice(1)}` }),
    }),

    sessionNotFound: () => ({
      msg: "unexpected_error",
      event_id: null,
      message: is4 ? "404: Session not found." : "404: Not Found",
      ...(is4 ? {} : { session_not_found: true }),
      success: false,
    }),
  };
}

/** An id as Gradio makes them: 32 hexadecimal digits. */
export function newEventId(): string {
  return randomUUID().replaceAll("-", "");
}
