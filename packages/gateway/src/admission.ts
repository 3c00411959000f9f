import type { Admit, Caller } from "./caller.ts";
import type { KeyRecord, Keys } from "./keys.ts";
import type { Limiting } from "./limits.ts";

/** Who is let in. */
export interface AdmissionOptions {
  /** Absent, anybody is who gets this far. */
  readonly keys: Keys | undefined;
  readonly limiting: Limiting;
}

/**
 * Lets a request in: with its key where there are keys, and within the limits of its caller. What only looks at things counts for
 * none of them. A key that is revoked starts nothing more; what runs goes on.
 */
export function createAdmission({ keys, limiting }: AdmissionOptions): Admit {
  return async (request, { isCounted }) => {
    const record = await keys?.recordOf(request);
    const place = isCounted ? await limiting.take(record?.id ?? ANYBODY, record) : undefined;
    return {
      keyId: record?.id,
      mayUse: mayUse(record),
      policy: record?.policy,
      caps: record?.caps,
      headers: place?.headers,
      release: () => place?.release(),
    } satisfies Caller;
  };
}

/** No key has an empty id. */
const ANYBODY = "";

function mayUse(record: KeyRecord | undefined): Caller["mayUse"] {
  const { models } = record ?? {};
  return models === undefined ? () => true : (model) => models.includes(model);
}
