import * as z from "zod/mini";
import { QwenError } from "../errors.ts";
import type { SpaceConfig } from "./config.ts";
import { parseJson } from "./json.ts";

// Only the fields we read: the fewer we name, the fewer changes upstream break us.
const configSchema = z.object({
  version: z.nullish(z.string()),
  app_id: z.nullish(z.union([z.number(), z.string()])),
  protocol: z.nullish(z.string()),
  api_prefix: z.nullish(z.string()),
  dependencies: z.array(
    z.object({
      id: z.nullish(z.number()),
      api_name: z.nullish(z.union([z.string(), z.literal(false)])),
      queue: z.nullish(z.boolean()),
    }),
  ),
});

/**
 * Reads the body of `GET /config`.
 *
 * Throws `protocol` for what is no Gradio config, and for the WebSocket protocol of Gradio 3.
 */
export function parseConfig(body: string, { host }: { readonly host: string }): SpaceConfig {
  const json = parseJson(body);
  if (json === undefined) throw new QwenError("protocol", `${host} is no Gradio app: its /config is not JSON.`);
  const result = configSchema.safeParse(json);
  if (!result.success)
    throw new QwenError("protocol", `${host} is no Gradio app this SDK knows: ${z.prettifyError(result.error)}.`);
  const { version, protocol, app_id: appId, api_prefix: apiPrefix, dependencies } = result.data;
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
    endpoints: dependencies.map(({ id, api_name: name, queue }, index) => ({
      name: typeof name === "string" ? `/${name.replace(/^\//, "")}` : undefined,
      fnIndex: id ?? index,
      queue: queue !== false,
    })),
  };
}
