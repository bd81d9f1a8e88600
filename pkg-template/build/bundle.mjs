// Few modules instead of many, and the CommonJS build.
import { readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { loaders, modules, required, single } from "./entries.mjs";
import { Stop } from "./say.mjs";

/** Keeps modules of dist/ that others share out of a bundle: they are imported beside it, under this ending. */
const shared = (dist, names, ending) => ({
  name: "shared",
  setup({ onResolve, initialOptions }) {
    const files = new Set(names.map((name) => join(dist, `${name}.js`)));
    const out = dirname(initialOptions.outfile);
    onResolve({ filter: /^\./ }, ({ path, resolveDir, kind }) => {
      const file = join(resolveDir, path);
      if (kind === "entry-point" || !files.has(file)) return undefined;
      const beside = relative(out, file.replace(/\.js$/, ending)).replaceAll("\\", "/");
      return { path: beside.startsWith(".") ? beside : `./${beside}`, external: true, sideEffects: true };
    });
  },
});

/** One module instead of twenty: each costs a look at the disk at import, and that is most of what importing costs. */
export async function joinModules(dist) {
  const { build } = await import("esbuild");
  const joined = (name) => join(dist, `${name}.joined.js`);
  const joinOne = (name, plugins = []) => build({
    entryPoints: [join(dist, `${name}.js`)], outfile: joined(name), plugins, metafile: true,
    bundle: true, platform: "neutral", external: ["node:*"], format: "esm", target: "es2022", logLevel: "warning",
  });
  const api = await joinOne("api");
  for (const name of modules) {
    const { metafile } = await joinOne(name, [shared(dist, ["api", ...loaders, ...single], ".js")]);
    // Two copies of a class are two classes.
    const double = Object.keys(metafile.inputs).find((input) => input in api.metafile.inputs);
    if (double !== undefined) throw new Stop(`src/${name}.ts takes ${double} with it, which is in api.js: it must be imported from there.`);
  }
  const kept = new Set([...loaders.map((loader) => `${loader}.js`), ...["api", ...modules].map((name) => relative(dist, joined(name))), join("glue", "bytes.js")]);
  for (const name of readdirSync(dist, { recursive: true })) if (name.endsWith(".js") && !kept.has(name)) rmSync(join(dist, name));
  for (const name of ["api", ...modules]) renameSync(joined(name), join(dist, `${name}.js`));
}

/** One CommonJS module for each, which share api.cjs: were that in each of them, each would have a core of its own. */
export async function bundleForRequire(dist) {
  const { build } = await import("esbuild");
  for (const name of ["api", ...required]) {
    await build({
      entryPoints: [join(dist, `${name}.js`)],
      outfile: join(dist, `${name}.cjs`),
      plugins: [shared(dist, ["api", ...required], ".cjs")],
      bundle: true,
      platform: "node",
      format: "cjs",
      target: "node20",
      define: { "import.meta.url": "importMetaUrl" },
      banner: { js: 'const importMetaUrl = require("node:url").pathToFileURL(__filename).href;' },
      logLevel: "warning",
    });
  }
}
