import { Refusal } from "../refusal.ts";

/** An object of a request's body. */
export type Body = Readonly<Record<string, unknown>>;

/** The refusal of a parameter that is not what it must be. The message quotes nothing of it but its name. */
export function wrong(param: string, expected: string): Refusal {
  return new Refusal({ status: 400, param, message: `\`${param}\` must be ${expected}.` });
}

/** The refusal of something that is right and cannot be had here. */
export function unsupported(param: string, message: string): Refusal {
  return new Refusal({ status: 400, code: "unsupported_value", param, message });
}

/** Whether it is an object, and no list. */
export function isObject(value: unknown): value is Body {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * The fields of an object in a request's body, each read by its kind. `null` is as good as nothing, as OpenAI has it; a field of another
 * kind is a {@link Refusal} that names it by its path.
 */
export class Fields {
  readonly body: Body;
  readonly #path: string;

  /** `path` is where it stands, and "" for the body itself. */
  constructor(body: unknown, path = "") {
    if (!isObject(body)) throw path === "" ? notAnObject() : wrong(path, "an object");
    this.body = body;
    this.#path = path;
  }

  /** Where a field stands. */
  pathOf(name: string): string {
    return this.#path === "" ? name : `${this.#path}.${name}`;
  }

  /** As it is; nothing for `null`. */
  value(name: string): unknown {
    return this.body[name] ?? undefined;
  }

  string(name: string): string | undefined {
    const value = this.value(name);
    if (value === undefined || typeof value === "string") return value?.toWellFormed();
    throw wrong(this.pathOf(name), "a string");
  }

  /** One that must be there, and not empty. */
  name(name: string): string {
    const value = this.string(name);
    if (value === undefined || value === "") throw wrong(this.pathOf(name), "a string that is not empty");
    return value;
  }

  flag(name: string): boolean | undefined {
    const value = this.value(name);
    if (value === undefined || typeof value === "boolean") return value;
    throw wrong(this.pathOf(name), "true or false");
  }

  number(name: string, { least, most }: { readonly least?: number; readonly most?: number } = {}): number | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    const { min, max } = { min: least ?? -Infinity, max: most ?? Infinity };
    if (typeof value === "number" && Number.isFinite(value) && value >= min && value <= max) return value;
    throw wrong(this.pathOf(name), `a number${rangeOf(least, most)}`);
  }

  whole(name: string, least?: number): number | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= (least ?? -Infinity)) return value;
    throw wrong(this.pathOf(name), `a whole number${rangeOf(least)}`);
  }

  list(name: string): readonly unknown[] | undefined {
    const value = this.value(name);
    if (value === undefined || Array.isArray(value)) return value;
    throw wrong(this.pathOf(name), "a list");
  }

  object(name: string): Fields | undefined {
    const value = this.value(name);
    return value === undefined ? undefined : new Fields(value, this.pathOf(name));
  }
}

function rangeOf(least: number | undefined, most?: number): string {
  if (least === undefined) return "";
  return most === undefined ? ` from ${least}` : ` from ${least} to ${most}`;
}

function notAnObject(): Refusal {
  return new Refusal({ status: 400, message: "The body must be a JSON object." });
}
