/** What a look at somebody's object gives; nothing where it throws. */
export function field<Value>(look: () => Value): Value | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
