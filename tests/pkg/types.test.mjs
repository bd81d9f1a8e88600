// The packed tarball's declarations, as TypeScript programs see them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { apps, inConsumer, installed, packageName, tarball, tool } from "./help/consumer.mjs";

// Our own declarations are checked too, hence no skipLibCheck.
const compile = (file, ...options) =>
  inConsumer(tool("tsc"), ["--ignoreConfig", "--noEmit", "--strict", "--skipLibCheck", "false", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess", "--target", "es2022", ...options, join(apps, "types", file)]);

const libraries = ["--lib", "es2022,dom,dom.iterable,dom.asynciterable,esnext.disposable"];

test("tsc, moduleResolution nodenext", () => compile("use.ts", "--module", "nodenext", ...libraries));

test("tsc, moduleResolution bundler", () => compile("use.ts", "--module", "esnext", "--moduleResolution", "bundler", ...libraries));

test("tsc, a CommonJS program", () => compile("use.cts", "--module", "nodenext", ...libraries));

test("tsc, Node's types and no DOM", () => compile("use.ts", "--module", "nodenext", "--lib", "es2022", "--types", "node"));

test("publint", async () => {
  const { messages } = await publint({ pack: { tarball: readFileSync(tarball()).buffer }, strict: true });
  const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
  // A "browser" field beside "exports" is there for Parcel, which takes "main" otherwise.
  const real = messages.filter(({ code }) => code !== "USE_EXPORTS_BROWSER");
  assert.deepEqual(real.map((message) => formatMessage(message, manifest)), []);
});

const attw = (...options) => inConsumer(tool("attw"), [tarball(), "--profile", "node16", "--no-color", "--no-emoji", ...options]);

/** Entries with a build for require. The others are ES modules, which Node takes from require as well. */
const both = [".", "memory", "node", "testing", "eliza", "chat"];

test("arethetypeswrong, for import and require", () => attw("--entrypoints", ...both));

test("arethetypeswrong, the other entries", () => attw("--exclude-entrypoints", `${packageName}.wasm`, ...both, "--ignore-rules", "cjs-resolves-to-esm"));
