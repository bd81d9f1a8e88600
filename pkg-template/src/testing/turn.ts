/** Turns of the host's event loop: after one, every promise that could settle by itself has settled. */

/** Looked up once, so that a test's fake timers do not stop us. */
const soon: (callback: () => void) => void = ((): ((callback: () => void) => void) => {
  const { setImmediate } = globalThis as { setImmediate?: (callback: () => void) => unknown };
  if (setImmediate !== undefined) return (callback) => void setImmediate(callback);
  return (callback) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      callback();
    };
    port2.postMessage(undefined);
  };
})();

/** Lets everybody else go first; takes no time that any clock shows. */
export const turn = (): Promise<void> => new Promise(soon);
