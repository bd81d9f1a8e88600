// Waiting that a cancel cuts short: a provider that honours its signal frees its slot at once.

/** Lets the page breathe for some milliseconds; rejects with the signal's reason when aborted meanwhile. */
export function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal.addEventListener("abort", stop, { once: true });
  });
}
