// The crate on this machine: form, lints, documentation, tests. One set of features throughout, so that little is compiled twice.
import { ensureRust } from "../../pkg-template/build/setup/rust.mjs";
import { run } from "../../pkg-template/build/run.mjs";
import { wasmTarget } from "../../pkg-template/build/paths.mjs";
import { rustCounts } from "./counts.mjs";

const native = ["--features", "native"];

const check = (name, args, env = {}) => ({
  name,
  run: async () => {
    await ensureRust({ forTests: true });
    await run("cargo", args, { env, name: `cargo ${args[0]}` });
  },
});

const clippy = (...args) => ["clippy", "--all-targets", ...args, "--", "-D", "warnings"];

export const rustStages = [
  check("rust fmt", ["fmt", "--check"]),
  check("rust clippy, native", clippy(...native)),
  check("rust clippy, no features", clippy()),
  check("rust clippy, wasm32", clippy("--target", wasmTarget)),
  check("rust doc", ["doc", "--no-deps", ...native], { RUSTDOCFLAGS: "-D warnings" }),
  {
    name: "rust test, native",
    run: async () => {
      await ensureRust({ forTests: true });
      return rustCounts("cargo test", await run("cargo", ["test", "--no-fail-fast", ...native], { output: "tee", mayFail: true }));
    },
  },
];
