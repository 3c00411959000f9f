import * as z from "zod/mini";
import type { CheckedConfig } from "./config.ts";

/** Whether a JSON value is a config of Gradio, or what it lacks. */
// Only types of ours are imported: what this file, loaded later, shared with the others would be a
// file of its own in `dist`, and every process would have to load it at once.
export function checkConfig(json: unknown): CheckedConfig {
  const result = makeConfigSchema().safeParse(json);
  if (result.success) return { config: result.data };
  // A list of 100,000 functions may be wrong 100,000 times.
  return { problem: z.prettifyError({ issues: result.error.issues.slice(0, 3) }) };
}

// Made for each /config, which is read once for an origin: made beside the others, it would take the import of a plugin
// as long as zod itself.
function makeConfigSchema() {
  // Only the fields we read: the fewer we name, the fewer changes upstream break us.
  return z.object({
    version: z.nullish(z.string()),
    app_id: z.nullish(z.union([z.number(), z.string()])),
    protocol: z.nullish(z.string()),
    api_prefix: z.nullish(z.string()),
    dependencies: z.array(
      z.object({
        id: z.nullish(z.number()),
        api_name: z.nullish(z.union([z.string(), z.literal(false)])),
        queue: z.nullish(z.boolean()),
        inputs: z.optional(z.unknown()),
        types: z.optional(z.unknown()),
      }),
    ),
    components: z.optional(z.unknown()),
    max_file_size: z.optional(z.unknown()),
  });
}
