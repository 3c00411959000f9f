import type { AgentOptions } from "undici/lib/dispatcher/agent.js";
import type Client from "undici/lib/dispatcher/client.js";

/** Connections that pipeline, each for one lane at a time: behind another's stream a request would wait for its end. */
export interface Lanes {
  /** Begins a request. `undefined` where the lane has requests to another origin under way. */
  enter(lane: symbol, origin: string): LaneEntry | undefined;
  /** Closes them all, those in use after their last response. */
  close(): Promise<unknown>;
}

/** A request in a lane. */
export interface LaneEntry {
  readonly client: Client;
  /** The request is over. After the last one of its lane, the connection is free for another. */
  leave(): void;
}

/** Makes lanes of undici's clients; nothing is opened yet. */
export function createLanes(LaneClient: typeof Client, options: AgentOptions): Lanes {
  const idle = new Map<string, Client[]>();
  const busy = new Map<symbol, { readonly client: Client; readonly origin: string; requests: number }>();

  return {
    enter(lane, origin) {
      let entry = busy.get(lane);
      if (entry === undefined) {
        // The one that was used last is the likeliest to be still connected.
        const client = idle.get(origin)?.pop() ?? new LaneClient(origin, { ...options, pipelining: 2 });
        busy.set(lane, (entry = { client, origin, requests: 0 }));
      }
      if (entry.origin !== origin) return undefined;
      const { client } = entry;
      entry.requests += 1;
      return {
        client,
        leave() {
          entry.requests -= 1;
          if (entry.requests > 0 || busy.get(lane) !== entry) return;
          busy.delete(lane);
          const free = idle.get(origin);
          if (free === undefined) idle.set(origin, [client]);
          else free.push(client);
        },
      };
    },
    close() {
      const clients = [...idle.values()].flat().concat([...busy.values()].map(({ client }) => client));
      idle.clear();
      busy.clear();
      return Promise.all(clients.map((client) => client.close()));
    },
  };
}
