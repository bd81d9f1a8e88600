/** One owner among all tabs and workers of an origin, by a Web Lock, which the browser takes back from a page that is gone. */
import { OrchestratorError, _describe as describe } from "../api.js";

/** How to become the owner. */
export interface LeadOptions {
  /** Waits until this is aborted. Without it, the call is refused at once when there is an owner. */
  readonly wait: AbortSignal | undefined;
  /** Called when the browser has given the lock to somebody else, which only happens to who asks for that. */
  lost(): void;
}

/** Becomes the owner; gives what ends that, which is fulfilled when another one can have it. */
export function lead(name: string, { wait, lost }: LeadOptions): Promise<() => Promise<void>> {
  const locks = (globalThis.navigator as Navigator | undefined)?.locks as LockManager | undefined;
  // Only secure pages have locks. A second owner is found out at its first append.
  if (locks === undefined) return Promise.resolve(async () => {});
  return new Promise((resolve, reject) => {
    const nobodyWaits = (): void => reject(new OrchestratorError("ABORTED", `nobody waits for the journal ${JSON.stringify(name)} any more`));
    const granted = (lock: Lock | null): Promise<void> | undefined => {
      if (lock !== null && wait?.aborted !== true) {
        return new Promise((release) => {
          resolve(() => {
            release();
            return held;
          });
        });
      }
      reject(new OrchestratorError("LOCKED", `another tab or worker owns the journal ${JSON.stringify(name)}`));
      return undefined;
    };
    // Not by the request's own `signal`: Chromium does not notice one that is aborted right after the call.
    wait?.addEventListener("abort", nobodyWaits, { once: true });
    if (wait?.aborted === true) return nobodyWaits();
    const held = locks.request(name, { ifAvailable: wait === undefined }, granted).then(undefined, (cause: unknown) => {
      // Of the two, the one that comes too late does nothing.
      lost();
      reject(new OrchestratorError("JOURNAL_FAILED", `the browser gives no lock: ${describe(cause)}`, { cause }));
    });
  });
}
