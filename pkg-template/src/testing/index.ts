/** For tests: of journals of your own. */
export { journalConformance, type ConformanceCase } from "./conformance.js";
