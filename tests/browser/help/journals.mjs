// Journals in a browser that can be killed, called from a test by way of a page of our own.
import assert from "node:assert/strict";
import { killableBrowser } from "./killable.mjs";

/** What a call gave; it must not have been refused. */
export function value({ value, error, message }) {
  assert.equal(error, undefined, message);
  return value;
}

/** One profile and one origin for a test file. */
export async function site() {
  const { open, ...browser } = await killableBrowser();
  return {
    ...browser,
    /** A new tab. `journal(place, action, kind, name, ...)` answers `{ value }` or `{ error }`. */
    async tab({ acknowledged = () => {}, host } = {}) {
      const page = await open("tests/browser/pages/journal.html", { functions: { acknowledged }, host });
      return {
        page,
        journal: (...values) => page.evaluate((values) => globalThis.journal(...values), values),
        endWorker: (place) => page.evaluate((place) => globalThis.endWorker(place), place),
      };
    },
  };
}
