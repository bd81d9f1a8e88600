// From TypeScript and the glue to dist/: modules, declarations for import and require, and the CommonJS build.
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { bundleForRequire, joinModules } from "./bundle.mjs";
import { loaders, modules } from "./entries.mjs";
import { inRoot, libName, template } from "./paths.mjs";
import { run } from "./run.mjs";
import { Stop, step } from "./say.mjs";
import { glue } from "./wasm.mjs";

const glueModule = [`${libName}.js`, `${libName}.d.ts`];

/** The staged sources are src/ as it is, plus the glue it imports, the bytes for inline.ts, and the words that the chat has from Rust's side. */
function stage(work) {
  cpSync(join(template, "src"), join(work, "src"), { recursive: true });
  cpSync(join(template, "tsconfig.json"), join(work, "tsconfig.json"));
  for (const folder of ["src", "dist"]) for (const file of glueModule) cpSync(join(glue, file), join(work, folder, "glue", file));
  cpSync(join(glue, `${libName}_bg.wasm`), join(work, "dist", "glue", `${libName}_bg.wasm`));

  const base64 = readFileSync(join(glue, `${libName}_bg.wasm`)).toString("base64");
  writeFileSync(join(work, "src", "glue", "bytes.d.ts"), "export declare const base64: string;\n");
  writeFileSync(join(work, "dist", "glue", "bytes.js"), `export const base64 = "${base64}";\n`);

  // As TypeScript, so that a word that is missing, or one too many, does not compile.
  const words = JSON.stringify(JSON.parse(readFileSync(inRoot("src", "plugin", "english.json"), "utf8")));
  writeFileSync(join(work, "src", "eliza", "chat", "english.ts"), `import type { Language } from "./language.js";\nexport const english: Language = ${words};\n`);
}

/**
 * api.js also exports what only the loaders may call; its name begins with an underscore. `export *` would pass it on, so
 * the loaders' exports are written out.
 */
async function hideInternals(dist) {
  const names = Object.keys(await import(pathToFileURL(join(dist, "api.js")))).filter((name) => !name.startsWith("_"));
  for (const loader of loaders) {
    const file = join(dist, `${loader}.js`);
    const text = readFileSync(file, "utf8");
    const all = /^export \* from "\.\/api\.js";$/m;
    if (!all.test(text)) throw new Stop(`src/${loader}.ts must have the line: export * from "./api.js";`);
    writeFileSync(file, text.replace(all, `export { ${names.join(", ")} } from "./api.js";`));
  }
  const leaked = /\b_[A-Za-z]\w*/.exec(readFileSync(join(dist, "api.d.ts"), "utf8"));
  if (leaked) throw new Stop(`${leaked[0]} would be visible in the types: it needs /** @internal */ in src/api.ts.`);
}

/** TypeScript takes a .d.ts of this package for an ES module; `require` needs the same words under another name. */
function declareForRequire(dist) {
  for (const name of readdirSync(dist, { recursive: true }).filter((name) => name.endsWith(".d.ts"))) {
    const text = readFileSync(join(dist, name), "utf8").replace(/((?:from|import)\s*\(?\s*["']\.[^"']*)\.js(["'])/g, "$1.cjs$2");
    writeFileSync(join(dist, name.replace(/\.d\.ts$/, ".d.cts")), text);
  }
}

/** Declarations that no entry leads to are of no use to anybody. */
function dropPrivateDeclarations(dist) {
  const reached = new Set();
  const visit = (name) => {
    if (reached.has(name)) return;
    reached.add(name);
    const text = readFileSync(join(dist, `${name}.d.ts`), "utf8");
    for (const [, path] of text.matchAll(/(?:from|import)\s*\(?\s*["'](\.[^"']*)\.js["']/g)) visit(join(dirname(name), path));
  };
  for (const name of [...loaders, ...modules]) visit(name);
  for (const name of readdirSync(dist, { recursive: true })) {
    if (name.endsWith(".d.ts") && !reached.has(name.slice(0, -".d.ts".length))) rmSync(join(dist, name));
  }
}

/** Makes `work`/dist. */
export async function buildFace(work) {
  const dist = join(work, "dist");
  stage(work);
  await step("TypeScript", () => run(process.execPath, [inRoot("node_modules/typescript/bin/tsc"), "-p", work], { cwd: work, output: "quiet", name: "TypeScript" }));
  if (!existsSync(join(dist, "api.d.ts"))) throw new Stop("TypeScript wrote no dist/api.d.ts: is src/api.ts there?");
  await joinModules(dist);
  await hideInternals(dist);
  dropPrivateDeclarations(dist);
  declareForRequire(dist);
  await bundleForRequire(dist);
}
