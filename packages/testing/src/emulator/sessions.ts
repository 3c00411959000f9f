import type { WireMessage } from "./flavour.ts";

/** The messages that wait for a session's stream. */
export interface Session {
  readonly messages: WireMessage[];
  /** Called when a message arrives. */
  readonly readers: Set<() => void>;
}

/** Gradio's sessions: what waits for each, and which jobs each still owes an end. */
export interface Sessions {
  /** Opens a session unless it is there, and notes a job. Forgets the oldest session when there are too many. */
  open(sessionHash: string, eventId: string): void;
  get(sessionHash: string): Session | undefined;
  /** Ends the session. What its jobs still owe is not forgotten: Gradio keeps it, so a later stream never closes. */
  drop(sessionHash: string): void;
  send(sessionHash: string, message: WireMessage): void;
  /** Whether the job has not told this session its end. */
  owes(sessionHash: string, eventId: string): boolean;
  /** Notes that a job's end was told, or that it will never run. */
  settle(sessionHash: string, eventId: string): void;
  /** Whether a session waits for nothing more. */
  settled(sessionHash: string): boolean;
  /** The session of a job that has not told its end. */
  ofEvent(eventId: string): string | undefined;
}

/** Keeps at most `maxSessions`. */
export function createSessions(maxSessions: number): Sessions {
  const sessions = new Map<string, Session>();
  const owed = new Map<string, Set<string>>();

  return {
    open(sessionHash, eventId) {
      if (!sessions.has(sessionHash)) {
        const [oldest] = sessions.keys();
        if (sessions.size >= maxSessions && oldest !== undefined) {
          const evicted = sessions.get(oldest);
          sessions.delete(oldest);
          for (const wake of evicted?.readers ?? []) wake();
        }
        sessions.set(sessionHash, { messages: [], readers: new Set() });
      }
      const events = owed.get(sessionHash) ?? new Set();
      owed.set(sessionHash, events.add(eventId));
    },
    get: (sessionHash) => sessions.get(sessionHash),
    drop: (sessionHash) => void sessions.delete(sessionHash),
    send(sessionHash, message) {
      const session = sessions.get(sessionHash);
      if (session === undefined) return;
      session.messages.push(message);
      for (const wake of session.readers) wake();
    },
    owes: (sessionHash, eventId) => owed.get(sessionHash)?.has(eventId) ?? false,
    settle(sessionHash, eventId) {
      const events = owed.get(sessionHash);
      events?.delete(eventId);
      if (events?.size === 0) owed.delete(sessionHash);
    },
    settled: (sessionHash) => !owed.has(sessionHash),
    ofEvent(eventId) {
      for (const [sessionHash, events] of owed) if (events.has(eventId)) return sessionHash;
      return undefined;
    },
  };
}
