// What the provider contract asks of `node:events`, where there is none.

const listeners = new WeakMap<EventTarget, Set<unknown>>();
const { addEventListener, removeEventListener } = AbortSignal.prototype;

AbortSignal.prototype.addEventListener = function add(
  this: AbortSignal,
  ...[type, listener, options]: Parameters<typeof addEventListener>
) {
  listeners.set(this, (listeners.get(this) ?? new Set()).add(listener));
  addEventListener.call(this, type, listener, options);
};

AbortSignal.prototype.removeEventListener = function remove(
  this: AbortSignal,
  ...[type, listener, options]: Parameters<typeof removeEventListener>
) {
  listeners.get(this)?.delete(listener);
  removeEventListener.call(this, type, listener, options);
};

/** Those of a signal that were added and not taken away; one that heard its event counts on. */
export function getEventListeners(signal: AbortSignal): readonly unknown[] {
  return [...(listeners.get(signal) ?? [])];
}

/** Of the emulators, which nobody starts there. */
export const once = undefined;
