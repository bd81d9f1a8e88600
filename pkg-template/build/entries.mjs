// The ways into the package, in one place: its `exports`, and the files made for them, follow from here.
import { libName, packageName } from "./paths.mjs";

export const wasmFile = `./dist/glue/${libName}_bg.wasm`;

/** Further ways in: subpath to module of src/. Each is one ES module for every host. */
const subpaths = { inline: "inline" };

const js = (name, types = name) => ({ types: `./dist/${types}.d.ts`, default: `./dist/${name}.js` });
const main = (name) => js(name, "index");

export const exports = {
  ".": {
    // Bundlers for Workers and edge functions set "browser" or "worker" too, so theirs come first.
    workerd: main("workerd"),
    "edge-light": main("workerd"),
    deno: main("node"),
    bun: main("node"),
    // In development the bytes are in the module: dev servers that move modules about (Vite 5 to 7) would lose the file.
    browser: { types: "./dist/index.d.ts", development: "./dist/inline.js", default: "./dist/index.js" },
    node: { import: main("node"), require: { types: "./dist/index.d.cts", default: "./dist/node.cjs" } },
    ...main("index"),
  },
  ...Object.fromEntries(Object.entries(subpaths).map(([subpath, module]) => [`./${subpath}`, js(module)])),
  [`./${packageName}.wasm`]: wasmFile,
  "./package.json": "./package.json",
};

/** For Parcel and resolvers that do not know `exports`. */
export const olderFields = { main: "./dist/node.cjs", module: "./dist/index.js", browser: "./dist/index.js", types: "./dist/index.d.ts" };

/** Modules that load the WebAssembly: they pass on what api.js exports. */
export const loaders = ["index", "inline", "node", "workerd"];

/** Modules that do something when imported; a bundler must not drop them. */
export const sideEffects = ["./dist/node.js", "./dist/node.cjs", "./dist/workerd.js"];
