import { readText } from "../http/transport.ts";
import type { AbortSource } from "../stop.ts";
import type { SpaceClient } from "./client.ts";
import { CookieJar } from "./cookies.ts";
import { failureOf } from "./failure.ts";
import { parseJson } from "./json.ts";

/** Asks for the JSON of `/info`, which names the parameters of endpoints: of public ones, or of all that have a name. */
export async function readInfo(
  client: SpaceClient,
  { signal, all = false }: { readonly signal: AbortSource; readonly all?: boolean | undefined },
): Promise<unknown> {
  const { url, config } = client;
  const path = `${config.prefix}/info${all ? "?all_endpoints=true" : ""}`;
  const response = await client.request({ path, jar: new CookieJar(), signal });
  if (response.status !== 200) {
    const conceal = (): string => "";
    throw await failureOf(response, { url, conceal, signal });
  }
  return parseJson(await readText(response.body, { signal }));
}
