/**
 * Closes something when the process is told to end. After that a signal does what it would have done, unless somebody else listens
 * to it. Until the returned function is called.
 */
export function onSignals(signals: readonly NodeJS.Signals[], close: () => Promise<void>): () => void {
  const listener = (signal: NodeJS.Signals): void => {
    void close().finally(() => {
      stop();
      if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
    });
  };
  const stop = (): void => {
    for (const signal of signals) process.off(signal, listener);
  };
  for (const signal of new Set(signals)) process.on(signal, listener);
  return stop;
}
