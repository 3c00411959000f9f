// What the provider contract asks of `node:timers/promises`, where there is none.

/** As Node's. */
export function setTimeout(
  delayMs: number,
  value?: unknown,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = globalThis.setTimeout(() => resolve(value), delayMs);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}

/** Of the emulators, which nobody starts there. */
export const setImmediate = undefined;
