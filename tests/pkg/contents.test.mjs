// What is in the packed tarball.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { inRoot } from "../../pkg-template/build/paths.mjs";
import { installed } from "./help/consumer.mjs";

const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
const files = readdirSync(installed, { recursive: true }).filter((name) => statSync(join(installed, name)).isFile());

function* targets(value) {
  if (typeof value === "string") yield value;
  else for (const inner of Object.values(value)) yield* targets(inner);
}

test("depends on nothing", () => {
  for (const kind of ["dependencies", "peerDependencies", "optionalDependencies", "bundleDependencies"]) assert.equal(manifest[kind], undefined, kind);
  assert.equal(manifest.scripts, undefined);
});

test("has the crate's version", () => {
  assert.ok(readFileSync(inRoot("Cargo.toml"), "utf8").includes(`version = "${manifest.version}"`));
});

test("has one .wasm and one glue", () => {
  assert.deepEqual(files.filter((name) => name.endsWith(".wasm")), [join("dist", "glue", "agent_orchestrator_bg.wasm")]);
});

test("has every file its manifest names", () => {
  for (const field of ["exports", "main", "module", "browser", "types", "sideEffects"]) {
    for (const target of targets(manifest[field])) assert.ok(existsSync(join(installed, target)), `${field}: ${target}`);
  }
});

test("exports the same names everywhere, none of them internal", async () => {
  const names = async (file) => Object.keys(await import(join(installed, "dist", file))).filter((name) => name !== "default" && name !== "module.exports").sort();
  const expected = await names("index.js");
  assert.ok(expected.includes("init") && expected.includes("AgentOrchestrator"));
  assert.deepEqual(expected.filter((name) => name.startsWith("_")), []);
  for (const file of ["node.js", "node.cjs", "inline.js"]) assert.deepEqual(await names(file), expected, file);
});

test("the other entries export what they are for, and nothing internal", async () => {
  const expected = {
    memory: ["memoryJournal"], node: ["nodeJournal"], indexeddb: ["indexedDbJournal"], opfs: ["opfsJournal"],
    testing: [
      "Random", "SimulationError", "VirtualClock", "defaultScenario", "faultPlan", "faultyJournal", "journalConformance", "journalFaults", "scriptedProvider", "simulate",
    ],
    eliza: [
      "AgentOrchestratorService", "agentOrchestratorPlugin", "cancelTaskAction", "configureAgentOrchestratorPlugin", "createAgentOrchestratorPlugin", "createTaskAction",
      "default", "english", "getConfiguredAgentOrchestratorOptions", "listTasksAction", "pauseTaskAction", "resetAgentOrchestratorPlugin", "resumeTaskAction",
      "searchTasksAction", "switchTaskAction", "taskContextProvider",
    ],
    chat: ["ACTIONS", "Chat", "english", "readIntent"],
  };
  assert.deepEqual(Object.keys(manifest.exports).filter((entry) => !/^\.$|inline|\.wasm$|json$/.test(entry)).sort(), Object.keys(expected).map((name) => `./${name}`).sort());
  for (const [entry, names] of Object.entries(expected)) {
    assert.deepEqual(Object.keys(await import(join(installed, manifest.exports[`./${entry}`].default))), names, entry);
  }
  const required = createRequire(join(installed, "package.json"));
  for (const entry of ["memory", "node", "testing", "eliza", "chat"]) assert.deepEqual(Object.keys(required(`${manifest.name}/${entry}`)).sort(), expected[entry], entry);
});

test("names no folder of the machine that built it", () => {
  for (const name of files) {
    const text = readFileSync(join(installed, name), "latin1");
    for (const folder of [inRoot(), homedir()]) assert.ok(!text.includes(folder), `${name} names ${folder}`);
  }
});
