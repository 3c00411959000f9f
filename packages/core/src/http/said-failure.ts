import { isGroup } from "../options.ts";
import type { ToldFailure } from "./told-failure.ts";

type JsonObject = Readonly<Record<string, unknown>>;

/** A failure as a vendor's body or chunk says it, in whichever shape. */
export interface SaidFailure extends ToldFailure {
  /** The parameter that it is about. */
  readonly param?: string | undefined;
}

/** The failure that a body or a chunk tells, parsed; `undefined` where it tells none. */
export function failureIn(json: unknown): SaidFailure | undefined {
  if (!isObject(json)) return undefined;
  const { errors, detail, choices, base_resp: result, x_groq: added } = json;
  const error = json["error"] || (isObject(added) && added["error"]);
  if (error) return read(error, json);
  const failed = textIn(json, "error_message");
  if (failed !== undefined) return { ...codesIn(json), message: failed, type: textIn(json, "error_type") };
  if (isObject(result) && hasFailed(result)) return read(result, json);
  if (Array.isArray(choices)) {
    const inner: unknown = isObject(choices[0]) ? choices[0]["error"] : undefined;
    return isObject(inner) ? read(inner, json) : undefined;
  }
  if (errors !== undefined && errors !== null) return read(Array.isArray(errors) ? errors[0] : errors, json);
  if (detail !== undefined && detail !== null) return read(detail, json);
  return hasFailed(json) ? read(json, json) : undefined;
}

/** Whether an object has a message that is about a failure. */
function hasFailed(json: JsonObject): boolean {
  if (messageIn(json) === undefined) return false;
  const { object, type, success, status } = json;
  if (object === "error" || type === "error" || success === false) return true;
  if (typeof status === "string" && /^(?:error|fail)/i.test(status)) return true;
  const { code } = codesIn(json);
  return code !== undefined && !/^(?:0|2\d\d|ok|success(?:ful)?)$/i.test(code);
}

/** The failure that a text tells, which may be JSON or anything else, such as a page. */
export function failureInText(text: string): SaidFailure {
  const json = parsed(text);
  const first: unknown = Array.isArray(json) ? json[0] : json;
  if (isObject(first)) {
    const found = failureIn(first);
    if (found !== undefined) return found;
    if (messageIn(first) !== undefined) return read(first, first);
  }
  return { message: typeof json === "string" ? json : pageTitle(text) };
}

/** Routers put what the one behind them says into what they say. */
const DEEPEST = 16;

function read(outer: unknown, outermost: JsonObject): SaidFailure {
  let error = outer;
  let around = outermost;
  for (let depth = 0; depth < DEEPEST && isObject(error) && isObject(error["error"]); depth++) {
    around = error;
    error = error["error"];
  }
  if (typeof error === "string") return { ...codesIn(around), message: textIn(around, "message") ?? error };
  if (Array.isArray(error)) return { message: listed(error) };
  if (!isObject(error)) return { message: "" };
  const message = messageIn(error) ?? textIn(error, "detail") ?? "";
  const { metadata } = error;
  if (!isObject(metadata)) return { ...codesIn(error), message };
  // A router tells what the vendor behind it has said.
  const raw = textIn(metadata, "raw");
  const headers = Object.entries(metadata["headers"] ?? {}).map(([name, value]) => [name.toLowerCase(), word(value)]);
  return {
    ...codesIn(error),
    message: raw === undefined ? message : `${message}: ${raw}`,
    headers: Object.fromEntries(headers) as ToldFailure["headers"],
  };
}

function messageIn(json: JsonObject): string | undefined {
  return MESSAGES.map((name) => textIn(json, name)).find((message) => message !== undefined);
}

/** As vendors call them. */
const MESSAGES = ["message", "msg", "Message", "error_msg", "status_msg"];
const CODES = ["code", "Code", "error_code", "status_code", "statusCode", "status"];

function codesIn(error: JsonObject): Omit<SaidFailure, "message"> {
  const code = CODES.map((name) => word(error[name])).find((each) => each !== undefined);
  return { code, type: word(error["type"]), param: word(error["param"]) };
}

/** Those of a server that checks bodies by a schema: where, and what. */
function listed(errors: readonly unknown[]): string {
  return errors
    .slice(0, 5)
    .map((each) => {
      if (!isObject(each)) return word(each) ?? "";
      const { loc } = each;
      const where = Array.isArray(loc) ? `${loc.map(word).join(".")}: ` : "";
      return `${where}${messageIn(each) ?? ""}`;
    })
    .join("; ");
}

function word(value: unknown): string | undefined {
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value !== "" ? value.slice(0, 100) : undefined;
}

/** Characters of a page that are looked at. */
const MOST_READ = 10_000;

function pageTitle(page: string): string {
  const head = page.slice(0, MOST_READ);
  const [, title] = /<title[^<>]*>([^<]*)<\/title>/i.exec(head) ?? [];
  return title ?? head.replaceAll(/<[^<>]*>/g, " ");
}

function isObject(value: unknown): value is JsonObject {
  return isGroup(value);
}

/** A field that is text, and not empty. */
function textIn(object: JsonObject, name: string): string | undefined {
  const value = object[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
