import type { SpaceClient } from "./client.ts";
import type { SpaceConnection } from "./connection.ts";

/** The client of a Space until it is first asked: it is made with the first call, of what is loaded by then. */
export class LaterClient {
  readonly #connection: SpaceConnection;
  #client: SpaceClient | undefined;

  constructor(connection: SpaceConnection) {
    this.#connection = connection;
  }

  /** The one client, made by the first who needs it. */
  made(make: (connection: SpaceConnection) => SpaceClient): SpaceClient {
    this.#client ??= make(this.#connection);
    return this.#client;
  }

  /** Waits for the clean-ups that are under way. */
  async settled(): Promise<void> {
    await this.#client?.cleanUps.settled();
  }

  /** As of the client; of one that was never made nothing is open. */
  async close(): Promise<void> {
    if (this.#client !== undefined) await this.#client.close();
    else if (this.#connection.ownsTransport) await this.#connection.transport.close();
  }
}
