/** What a server says of a failure. Each dialect says it in its own shape. */
export interface ScriptedError {
  readonly message: string;
  /** @defaultValue as the dialect has it for the status */
  readonly type?: string | undefined;
  /** @defaultValue null, or the status where the dialect has it there */
  readonly code?: string | number | null | undefined;
  /** @defaultValue null */
  readonly param?: string | null | undefined;
  /** What else the server says of it, beside these. */
  readonly more?: Readonly<Record<string, unknown>> | undefined;
  /** Of the response, where none has begun. @defaultValue 500 */
  readonly status?: number | undefined;
}

/** A model's failure, thrown where the script has one. */
export class ScriptedFailure extends Error {
  readonly said: ScriptedError;

  constructor(said: ScriptedError) {
    super(said.message);
    this.said = said;
  }
}

/** What a thrown value says to the client: a slip in a script is told, or nobody would find it. */
export function failureOf(thrown: unknown): ScriptedFailure {
  if (thrown instanceof ScriptedFailure) return thrown;
  return new ScriptedFailure({ message: `The script of the answer failed: ${String(thrown)}` });
}

/** The failure that a script asks for. */
export function sentError(error: string | ScriptedError): ScriptedFailure {
  return new ScriptedFailure(typeof error === "string" ? { message: error } : error);
}
