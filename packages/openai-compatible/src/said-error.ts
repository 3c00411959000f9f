import { isObject, parseJson, textIn, type JsonObject } from "./wire/json.ts";

/** An error as a vendor tells it, in whichever shape. */
export interface SaidError {
  readonly message: string;
  /** Its own word for it: `code`, or a number that is a status. */
  readonly code?: string | undefined;
  readonly type?: string | undefined;
  /** The parameter that it is about. */
  readonly param?: string | undefined;
}

/** The error in a body or a chunk; `undefined` where there is none. */
export function errorIn(json: JsonObject): SaidError | undefined {
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

/** The error in a text that may be JSON, or anything else, such as a page. */
export function errorInText(text: string): SaidError {
  const json = parseJson(text);
  const first: unknown = Array.isArray(json) ? json[0] : json;
  if (isObject(first)) {
    const found = errorIn(first);
    if (found !== undefined) return found;
    if (messageIn(first) !== undefined) return read(first, first);
  }
  return { message: typeof json === "string" ? json : pageTitle(text) };
}

function read(outer: unknown, outermost: JsonObject): SaidError {
  let error = outer;
  let around = outermost;
  while (isObject(error) && isObject(error["error"])) {
    around = error;
    error = error["error"];
  }
  if (typeof error === "string") return { ...codesIn(around), message: textIn(around, "message") ?? error };
  if (Array.isArray(error)) return { message: listed(error) };
  if (!isObject(error)) return { message: "" };
  const message = messageIn(error) ?? textIn(error, "detail") ?? "";
  const { metadata } = error;
  // A router tells what the vendor behind it has said.
  const raw = isObject(metadata) ? textIn(metadata, "raw") : undefined;
  return { ...codesIn(error), message: raw === undefined ? message : `${message}: ${raw}` };
}

function messageIn(json: JsonObject): string | undefined {
  return MESSAGES.map((name) => textIn(json, name)).find((message) => message !== undefined);
}

/** As vendors call them. */
const MESSAGES = ["message", "msg", "Message", "error_msg", "status_msg"];
const CODES = ["code", "Code", "error_code", "status_code", "statusCode", "status"];

function codesIn(error: JsonObject): Omit<SaidError, "message"> {
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
