/** What answers that failed have left on their servers: held by identity of the error, which no log shows it with. */
const left = new WeakMap<object, string>();

/** The conversation in which its provider may be asked again after an answer that failed with this; `undefined` where it left none. */
export function conversationLeftBy(error: unknown): string | undefined {
  return typeof error === "object" && error !== null ? left.get(error) : undefined;
}

/** Says of an error that its answer has left this conversation, if it left one. Returns the error. */
export function leaving<Failure extends object>(error: Failure, conversation: unknown): Failure {
  if (typeof conversation === "string") left.set(error, conversation);
  return error;
}
