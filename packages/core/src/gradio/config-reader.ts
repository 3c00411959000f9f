import { QwenError } from "../errors.ts";
import { readText, type TransportResponse } from "../http/transport.ts";
import type { AbortSource } from "../stop.ts";
import { isHuggingFaceSpace } from "./address.ts";
import type { ClientRequest } from "./client-request.ts";
import { endpointName, isOfServer, type CheckedConfig, type RawConfig, type SpaceConfig } from "./config.ts";
import { CookieJar } from "./cookies.ts";
import { failureOf, type Conceal } from "./failure.ts";
import { isRecord, listIn, parseJson } from "./json.ts";
import { schemas } from "./loaded-later.ts";

/** How the config of a Space is read. */
export interface ConfigSource {
  readonly url: URL;
  readonly conceal: Conceal;
  request(request: ClientRequest): Promise<TransportResponse>;
}

/** As much of a `/config` is read, in bytes. */
const MOST_BYTES = 32 * 1024 * 1024;

/** A config, and the JSON that it was read from. */
export interface WholeConfig {
  readonly config: SpaceConfig;
  readonly json: unknown;
}

/** Asks a Space for its `/config`. Rejects with what is wrong with the answer, or the reason of `signal`. */
export async function readConfig({ url, conceal, request }: ConfigSource, signal: AbortSource): Promise<WholeConfig> {
  // Its cookies are nobody's: kept by the client they would tie all sessions to one replica.
  const ask = (): Promise<TransportResponse> =>
    request({ path: "config", jar: new CookieJar(), withCookies: false, signal });
  const response = await ask().catch((error: unknown) => {
    // Gradio's server closes the connection behind a 500 unannounced, and what follows over it is lost.
    if (QwenError.isInstance(error) && error.code === "connection") return ask();
    throw error;
  });
  if (response.status !== 200) throw await failureOf(response, { url, conceal, signal });
  const body = await readText(response.body, { maxBytes: MOST_BYTES, signal });
  if (body.trimStart().startsWith("<")) {
    throw new QwenError(
      "space_unavailable",
      `${url.host} shows a page instead of a Gradio app${isHuggingFaceSpace(url) ? ": it may be asleep, building or stopped" : ""}.`,
      { status: 200 },
    );
  }
  const { checkConfig } = await schemas.load();
  const json = parseJson(body);
  return { config: parseConfig(json, { host: url.host, check: checkConfig }), json };
}

/**
 * Reads the JSON of `GET /config`, `undefined` where it was none.
 *
 * Throws `protocol` for what is no Gradio config, and for the WebSocket protocol of Gradio 3.
 */
export function parseConfig(
  json: unknown,
  { host, check }: { readonly host: string; readonly check: (json: unknown) => CheckedConfig },
): SpaceConfig {
  if (json === undefined) throw new QwenError("protocol", `${host} is no Gradio app: its /config is not JSON.`);
  const result = check(json);
  if ("problem" in result)
    throw new QwenError("protocol", `${host} is no Gradio app this SDK knows: ${result.problem}.`);
  const { version, protocol, app_id: appId, api_prefix: apiPrefix, dependencies } = result.config;
  const { max_file_size: limit } = result.config;
  if (protocol === undefined || protocol === null || protocol.startsWith("ws")) {
    throw new QwenError(
      "protocol",
      `${host} runs Gradio ${version ?? "3"}, whose WebSocket protocol is not supported. It needs Gradio 4 or later.`,
    );
  }
  return {
    version: version ?? undefined,
    appId: appId === undefined || appId === null ? undefined : String(appId),
    apiPrefix: apiPrefix ?? "",
    endpoints: dependencies.map(({ id, api_name: name, queue, inputs }, index) => ({
      name: endpointName(name),
      fnIndex: id ?? index,
      queue: queue !== false,
      inputCount: Array.isArray(inputs) ? inputs.length : undefined,
    })),
    maxFileSize: typeof limit === "number" && limit >= 0 ? limit : undefined,
    serverInputs: serverInputsIn(result.config),
    wholeAnswers: wholeAnswersIn(result.config),
  };
}

function wholeAnswersIn({ dependencies }: RawConfig): SpaceConfig["wholeAnswers"] {
  const plain = dependencies.flatMap(({ id, types }, index) =>
    isRecord(types) && types["generator"] === false ? [id ?? index] : [],
  );
  return plain.length === 0 ? undefined : new Set(plain);
}

function serverInputsIn({ dependencies, components }: RawConfig): SpaceConfig["serverInputs"] {
  const own = new Set<unknown>();
  for (const component of listIn(components)) {
    if (isRecord(component) && isOfServer(component)) own.add(component["id"]);
  }
  const serverInputs = new Map<number, readonly boolean[]>();
  for (const [index, { id, inputs }] of dependencies.entries()) {
    const places = listIn(inputs).map((input) => own.has(input));
    if (places.includes(true)) serverInputs.set(id ?? index, places);
  }
  return serverInputs.size === 0 ? undefined : serverInputs;
}
