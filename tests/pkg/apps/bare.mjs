export * from "agent-orchestrator-wasm";
