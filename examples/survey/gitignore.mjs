/**
 * Which files git would ignore. The npm package `ignore` knows what the lines of one .gitignore mean; this file knows
 * that there may be one in every folder, and that a deeper one has the last word.
 */
import { lstat, readFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import ignore from "ignore";

const rulesOf = () => ignore({ ignorecase: false });

/** The rules inside `folder`, those of the folders above it in the same repository included. */
export async function rulesFor(folder) {
  const way = [folder];
  while (!(await exists(join(way[0], ".git")))) {
    const above = dirname(way[0]);
    if (above === way[0]) return rulesInside([], folder); // no repository: only its own rules
    way.unshift(above);
  }
  let rules = [];
  for (const step of way) {
    // Who asks for a folder that is ignored wants to see what is in it.
    if (ignores(rules, step, true)) return rulesInside([], folder);
    rules = await rulesInside(rules, step);
  }
  return rules;
}

/** The rules inside `folder`, given those of the folder it lies in. */
export async function rulesInside(rules, folder) {
  const text = await readRegularFile(join(folder, ".gitignore"));
  const inherited = rules.map((rule) => reinclude(rule, folder));
  return text === undefined ? inherited : [...inherited, { folder, matcher: rulesOf().add(text) }];
}

/** Whether `path`, in a folder that is not ignored, is. */
export function ignores(rules, path, isFolder) {
  for (const { folder, matcher } of rules.toReversed()) {
    const { ignored, unignored } = matcher.test(nameIn(folder, path, isFolder));
    if (ignored || unignored) return ignored;
  }
  return false;
}

/**
 * A folder that one .gitignore ignores may be saved by a deeper one. The shallower rule must then be told, or it would
 * go on ignoring all that is in it.
 */
function reinclude(rule, folder) {
  const name = nameIn(rule.folder, folder, true);
  if (!rule.matcher.test(name).ignored) return rule;
  const literally = name.replace(/[\\*?[\]]/g, "\\$&");
  return { folder: rule.folder, matcher: rulesOf().add(rule.matcher).add(`!/${literally}`) };
}

function nameIn(folder, path, isFolder) {
  const name = relative(folder, path).replaceAll(sep, "/");
  return isFolder ? `${name}/` : name;
}

const exists = (path) => lstat(path).then(() => true, () => false);

/** Like git, this takes a .gitignore only if it is a regular file that can be read. */
async function readRegularFile(path) {
  try {
    return (await lstat(path)).isFile() ? (await readFile(path, "utf8")).replace(/^\ufeff/, "") : undefined;
  } catch {
    return undefined;
  }
}
