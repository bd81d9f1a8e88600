/** Small helpers for text. */

/** Sorts by character code, so that the order is the same on every machine. */
export const byText = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

/** `1,200` */
export const shown = (number) => number.toLocaleString("en");

/** `1 file`, `1,200 files` */
export const count = (number, noun) => `${shown(number)} ${noun}${number === 1 ? "" : "s"}`;

/** At most `length` characters, and no half ones. */
export const cut = (text, length) => (text.length <= length ? text : `${text.slice(0, length - 1)}…`).toWellFormed();

/** Fit for a terminal: file names and sources may hold characters that would move the cursor or turn the text round. */
export const printable = (text) => text.replace(/[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu, "\ufffd");

/** What the operating system answered, in plain words. */
export function reason(error) {
  return REASONS.get(error.code) ?? error.message;
}
const REASONS = new Map([
  ["ENOENT", "there is no such file or folder"],
  ["ENOTDIR", "a part of the path is not a folder"],
  ["EACCES", "permission denied"],
  ["EPERM", "permission denied"],
  ["EROFS", "it cannot be written to"],
  ["ENOSPC", "the disk is full"],
  ["ENAMETOOLONG", "the name is too long"],
  ["ELOOP", "its symbolic links go in circles"],
]);
