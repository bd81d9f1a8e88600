// The project the tarball was installed into, and the tools of this repository that are used on it.
import { cpSync, mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { build } from "esbuild";
import { inRoot, packageName } from "../../../pkg-template/build/paths.mjs";
import { run } from "../../../pkg-template/build/run.mjs";
import { consumer } from "../../stages/consumer.mjs";

export { consumer, tarball } from "../../stages/consumer.mjs";
export { packageName };

export const apps = join(consumer, "apps");
export const installed = join(consumer, "node_modules", packageName);
export const tool = (name) => inRoot("node_modules", ".bin", name);

/** Runs a program in the consumer and gives back what it printed. */
export const inConsumer = async (command, args, env = {}) => (await run(command, args, { cwd: apps, env, output: "quiet", minutes: 3, name: basename(command) })).text.trim();

/** Bundles an app into apps/built/, as a framework's own bundler would. A .wasm import stays one, with the file beside it. */
export async function bundle(entry, outfile, options = {}) {
  const built = join(apps, "built");
  mkdirSync(built, { recursive: true });
  const wasmBeside = {
    name: "wasm-beside",
    setup({ onResolve }) {
      onResolve({ filter: /\.wasm$/ }, ({ path, resolveDir }) => {
        const name = path.split("/").at(-1);
        cpSync(join(resolveDir, path), join(built, name));
        return { path: `./${name}`, external: true };
      });
    },
  };
  await build({ entryPoints: [entry], absWorkingDir: apps, outfile: join(built, outfile), bundle: true, format: "esm", target: "es2022", logLevel: "warning", plugins: [wasmBeside], ...options });
}
