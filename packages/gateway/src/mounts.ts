import type { Router } from "@qwen/core";
import { aFunction, anObject, aWholeNumber, readOptions, type Rule, type Rules } from "@qwen/core/http";
import { type BodyReader, hasBody } from "./body.ts";
import { handedOver } from "./handed-over.ts";
import { Refusal } from "./refusal.ts";
import type { Handler, Route } from "./route.ts";

/** Routes of somebody else's, behind the keys, limits, hosts, origins and errors of a gateway. */
export interface Mount {
  /** Where they begin, such as `/v1/batches`: this path, and all below it. */
  readonly path: string;
  /** The types of bodies that are taken. @defaultValue JSON alone */
  readonly types?: readonly string[] | undefined;
  /** Of a body, in bytes. @defaultValue 20 MiB */
  readonly maxBytes?: number | undefined;
  /**
   * Answers a request that was let in; it comes without the key, and with its body whole. What it throws is answered as all errors
   * are: one of the SDK's by its code, a {@link Refusal} as it is, any other as a 500 that says nothing of it.
   */
  fetch(request: Request, about: MountedCall): Response | Promise<Response>;
}

/** What a mount is told of a request. */
export interface MountedCall {
  /** Id of the caller's key; `undefined` where there are no keys. */
  readonly keyId: string | undefined;
  /** Whether the caller may ask for a model or a route of that name. */
  mayUse(model: string): boolean;
  readonly router: Router;
  readonly requestId: string;
  /** Aborts once the caller has left, or the gateway has no time left. */
  readonly signal: AbortSignal;
}

/** What mounts are put behind. */
interface MountsOptions {
  readonly router: Router;
  readonly bodies: BodyReader;
  readonly idleClientMs: number;
  /** The gateway's own routes, which nobody may stand before. */
  readonly taken: readonly Route[];
}

/** The routes of mounts. Throws a `TypeError` for what is no mount, and for a path that is the gateway's own or another's. */
export function mountRoutes(mounts: readonly Mount[] | undefined, options: MountsOptions): readonly Route[] {
  if (mounts === undefined) return [];
  if (!Array.isArray(mounts)) throw new TypeError("`mounts` must be an array of mounts.");
  const taken = options.taken.map(({ path }) => path.replace(/\/:.*$/, ""));
  return mounts.flatMap((given: Mount, index) => {
    const mount = readMount(given, `mounts[${index}]`);
    const { path } = mount;
    const other = taken.find((one) => `${one}/`.startsWith(`${path}/`) || `${path}/`.startsWith(`${one}/`));
    if (other !== undefined) throw new TypeError(`\`mounts[${index}].path\` is taken: "${other}" is somebody else's.`);
    taken.push(path);
    const handler = handlerOf(mount, options);
    const methods = { GET: handler, POST: handler, PUT: handler, PATCH: handler, DELETE: handler };
    return [
      { path, methods },
      { path: `${path}/*`, methods },
    ];
  });
}

function handlerOf({ types, maxBytes, fetch }: Mount, { router, bodies, idleClientMs }: MountsOptions): Handler {
  return async (request, call) => {
    const { requestId, caller, signal } = call;
    const brings = hasBody(request);
    if (brings) requireType(request, types);
    const body = brings ? await bodies.bytes(request, { maxBytes }) : undefined;
    const headers = new Headers(request.headers);
    headers.delete("authorization");
    const { method, url } = request;
    const handed = new Request(url, { method, headers, signal, ...(body !== undefined && { body }) });
    const about = { keyId: caller.keyId, mayUse: (model: string) => caller.mayUse(model), router, requestId, signal };
    return handedOver(() => fetch(handed, about), { call, idleClientMs });
  };
}

function requireType({ headers }: Request, types: readonly string[] = ["application/json"]): void {
  const type = headers.get("content-type")?.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  if (types.includes(type)) return;
  throw new Refusal({
    status: 415,
    code: "unsupported_media_type",
    message: `The body must be ${types.join(" or ")}, and say so in \`content-type\`.`,
    headers: { connection: "close" },
  });
}

function readMount(given: Mount, name: string): Mount {
  const read = readOptions<Partial<Mount>>(name, optionsIn(given, name), RULES);
  if (read?.fetch === undefined)
    throw new TypeError(`\`${name}\` must be an object with \`path\` and \`fetch(request, about)\`.`);
  if (read.path === undefined) throw new TypeError(`\`${name}.path\` must be ${aPath(undefined)}.`);
  const { path, types, maxBytes } = read;
  // As a method: it may be one of a class.
  return { path, types, maxBytes, fetch: (request, about) => given.fetch(request, about) };
}

/** One of a class has what it likes beside; of a plain object all is meant. */
function optionsIn(given: Mount, name: string): Partial<Mount> {
  try {
    if (anObject(given) !== undefined || PLAIN.has(Object.getPrototypeOf(given))) return given;
    const { path, types, maxBytes, fetch } = given;
    return { path, types, maxBytes, fetch };
  } catch {
    throw new TypeError(`\`${name}\` cannot be read, it throws.`);
  }
}

const PLAIN: ReadonlySet<unknown> = new Set([Object.prototype, null]);

const aPath: Rule = (value) =>
  typeof value === "string" && /^(?:\/(?!\.{1,2}(?:\/|$))[\w.-]+)+$/.test(value)
    ? undefined
    : "a path such as `/v1/batches`, without parameters and without a slash at its end";

const aType: Rule = (value) =>
  Array.isArray(value) && value.every((one) => typeof one === "string" && /^[a-z\d.+-]+\/[a-z\d.+-]+$/.test(one))
    ? undefined
    : "a list of media types in small letters";

const RULES: Rules<Partial<Mount>> = { path: aPath, types: aType, maxBytes: aWholeNumber, fetch: aFunction };
