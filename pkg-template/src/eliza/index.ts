/** The elizaOS face. */
export { english, type Language } from "./chat/index.js";
