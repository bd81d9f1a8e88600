/** The chat: reads what somebody says about tasks, does it, and answers. It knows an orchestrator and nothing of elizaOS. */
export { english } from "./english.js";
export type { Control, Language, ReplyKey, VerbGroup } from "./language.js";
export type { ActionName } from "./actions.js";
export { readIntent, type Intent } from "./intent.js";
export type { Ordinal } from "./lexicon.js";
export type { Target } from "./target.js";
