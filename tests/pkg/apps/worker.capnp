using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (services = [(name = "main", worker = .main)]);

const main :Workerd.Worker = (
  modules = [
    (name = "worker.js", esModule = embed "built/worker.js"),
    (name = "agent_orchestrator_bg.wasm", wasm = embed "built/agent_orchestrator_bg.wasm"),
  ],
  compatibilityDate = "2026-01-01",
);
