import type { LookupFunction } from "node:net";
import type Agent from "undici/lib/dispatcher/agent.js";
import type { AgentOptions } from "undici/lib/dispatcher/agent.js";
import { QwenError } from "../errors.ts";
import { isPublicAddress } from "./public-address.ts";

/**
 * Makes an agent for one request, which connects to public addresses only; `timeout` is that of connecting, in ms.
 * Its connection is nobody else's: one that stands already could lead anywhere.
 */
export async function openPublicAgent(options: AgentOptions, timeout: number): Promise<Agent> {
  const [{ default: PublicAgent }, { default: buildConnector }] = await Promise.all([
    import("undici/lib/dispatcher/agent.js"),
    import("undici/lib/core/connect.js"),
  ]);
  const { lookup } = process.getBuiltinModule("node:dns");
  return new PublicAgent({
    ...options,
    connect: buildConnector({ allowH2: false, timeout, lookup: publicLookup(lookup) }),
  });
}

/**
 * A lookup that knows of public addresses only. The socket connects to what it says, so that a name which leads
 * elsewhere a moment later (DNS rebinding) gains nothing by it.
 */
export function publicLookup(lookup: LookupFunction): LookupFunction {
  return (host, options, callback) => {
    lookup(host, { ...options, all: true }, (error, found) => {
      if (error !== null) return callback(error, []);
      const addresses = typeof found === "string" ? [] : found.filter(({ address }) => isPublicAddress(address));
      const [first] = addresses;
      if (first === undefined)
        callback(new QwenError("connection", `The name ${host} leads to no public address.`), []);
      else if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}
