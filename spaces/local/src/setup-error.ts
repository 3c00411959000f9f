/** What the machine is missing: no Python ≥ 3.10, no way to get `uv`, or packages that could not be installed. */
export type SetupErrorReason = "python-missing" | "uv-missing" | "install-failed";

/**
 * This machine cannot run the local Spaces. The message says why and what to do about it.
 *
 * Never thrown for a server that was set up and then failed: that is a plain `Error`.
 */
export class SetupError extends Error {
  override readonly name = "SetupError";
  readonly reason: SetupErrorReason;

  constructor(reason: SetupErrorReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** Whether this is a {@link SetupError}: the machine cannot run Python Spaces, so an emulator is the way to go on. */
export function isSetupError(value: unknown): value is SetupError {
  return value instanceof SetupError;
}
