// The ways into the package, in one place: its `exports`, and the files made for them, follow from here.
import { libName, packageName } from "./paths.mjs";

export const wasmFile = `./dist/glue/${libName}_bg.wasm`;

/** Further ways in: subpath to module of src/. Each is one ES module for every host that it is for. */
const subpaths = {
  inline: "inline",
  memory: "journals/memory",
  node: "journals/node",
  indexeddb: "journals/indexeddb",
  opfs: "journals/opfs",
  testing: "testing/index",
  eliza: "eliza/index",
  chat: "eliza/chat/index",
};

/** What some hosts get instead, because there is more that they can do: module of src/ to module of src/, with the same declarations. */
const ownOf = { "eliza/index": { node: "eliza/node", browser: "eliza/browser" } };

/** The modules that programs of Node get through `require` as well. */
const alsoRequired = ["journals/memory", "journals/node", "testing/index", "eliza/index", "eliza/node", "eliza/chat/index", "eliza/chat/english"];

const js = (name, types = name) => ({ types: `./dist/${types}.d.ts`, default: `./dist/${name}.js` });
const main = (name) => js(name, "index");
const cjs = (name, types = name) => ({ types: `./dist/${types}.d.cts`, default: `./dist/${name}.cjs` });
/** Hosts other than Node know `require` too, but would start the module a second time that way. */
const both = (name) => ({ deno: js(name), bun: js(name), node: { import: js(name), require: cjs(name) }, ...js(name) });
const apart = (name, { node, browser }) =>
  ({ deno: js(node, name), bun: js(node, name), browser: js(browser, name), node: { import: js(node, name), require: cjs(node, name) }, ...js(name) });
const entry = (name) => (name in ownOf ? apart(name, ownOf[name]) : alsoRequired.includes(name) ? both(name) : js(name));

export const exports = {
  ".": {
    // Bundlers for Workers and edge functions set "browser" or "worker" too, so theirs come first.
    workerd: main("workerd"),
    "edge-light": main("workerd"),
    deno: main("node"),
    bun: main("node"),
    // In development the bytes are in the module: dev servers that move modules about (Vite 5 to 7) would lose the file.
    browser: { types: "./dist/index.d.ts", development: "./dist/inline.js", default: "./dist/index.js" },
    node: { import: main("node"), require: cjs("node", "index") },
    ...main("index"),
  },
  ...Object.fromEntries(Object.entries(subpaths).map(([subpath, module]) => [`./${subpath}`, entry(module)])),
  [`./${packageName}.wasm`]: wasmFile,
  "./package.json": "./package.json",
};

/** For Parcel and resolvers that do not know `exports`. */
export const olderFields = { main: "./dist/node.cjs", module: "./dist/index.js", browser: "./dist/index.js", types: "./dist/index.d.ts" };

/** Modules that load the WebAssembly: they pass on what api.js exports. */
export const loaders = ["index", "inline", "node", "workerd"];

/** What several of them have in common, and none takes with it. */
const common = ["eliza/chat/english"];

/** Modules beside the loaders; each becomes one file, and what it has of api.js it has from there. */
export const modules = [...Object.values(subpaths).filter((module) => !loaders.includes(module)), ...Object.values(ownOf).flatMap(Object.values), ...common];

/** Those of them that stay files of their own when other modules import them: what is common, and what is loaded when it is wanted. */
export const single = [...common, ...Object.keys(ownOf), "eliza/chat/index", "journals/node", "journals/indexeddb"];

/** Modules with a CommonJS build. */
export const required = ["node", ...alsoRequired];

/** Modules that do something when imported; a bundler must not drop them. */
export const sideEffects = ["./dist/node.js", "./dist/node.cjs", "./dist/workerd.js", ...["node.js", "node.cjs", "browser.js"].map((name) => `./dist/eliza/${name}`)];
