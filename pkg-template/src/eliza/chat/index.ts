/** The chat: reads what somebody says about tasks, does it, and answers. It knows an orchestrator and nothing of elizaOS. */
export { ACTIONS, type Action, type ActionName, type ActionParameter } from "./actions.js";
export { Chat, type ChatOptions, type Reply, type WantedTask } from "./chat.js";
export type { ChatContext } from "./context.js";
export { english } from "./english.js";
export { readIntent, type Intent } from "./intent.js";
export type { Control, Language, ReplyKey, VerbGroup } from "./language.js";
export type { Ordinal } from "./lexicon.js";
export type { Target } from "./target.js";
export type { Viewer } from "./viewer.js";
