// The package as a user gets it: built, within its budget, packed, installed into an empty project.
import { build } from "../../pkg-template/build/build.mjs";
import { say } from "../../pkg-template/build/say.mjs";
import { ensureNpmTools } from "../../pkg-template/build/setup/npm.mjs";
import { checkBudget } from "../../pkg-template/build/size.mjs";
import { installPackage } from "./consumer.mjs";

export const packageStages = [
  { name: "package build", run: async () => { await ensureNpmTools({ forTests: true }); await build(); } },
  { name: "package size", run: async () => { await build(); say(`The .wasm has ${checkBudget()}.`); } },
  { name: "package pack and install", run: installPackage },
];
