/** The chat: reads what somebody says about tasks, does it, and answers. It knows an orchestrator and nothing of elizaOS. */
export { english } from "./english.js";
export type { Control, Language, ReplyKey, VerbGroup } from "./language.js";
