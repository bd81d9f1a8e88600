/** The elizaOS face. */
export * from "./chat/index.js";
