/** The command line: what may be asked for, and whether it makes sense. */
import { access, constants, mkdir, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { reason } from "./text.mjs";

export const HELP = `Surveys a source tree: languages, lines, public items, headings, what is left to do.

Usage: node examples/survey/main.mjs [folder] [options]
       npm start -- [folder] [options]

  folder             what to survey (default: this repository)
  --out <file>       where to write the survey (default: survey.md in the current folder)
  --concurrency <n>  how many parts to read at once, 1 to 64 (default: 8)
  --state <folder>   keep everything there; after a crash, the same command goes on
  --plain            one line per event instead of a view that redraws itself
  --help             this text

Files that .gitignore names, .git and symbolic links are left out.
Ctrl-C cancels, also what is kept: it does not go on later. Exit code: 0 done, 1 a task failed, 2 wrong arguments, 130 cancelled.`;

/** Something is wrong with the arguments; the message says what, in words for the one who typed them. */
export class UsageError extends Error {}

const THIS_REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));

export async function readOptions(args) {
  const { values, positionals } = parse(args);
  if (values.help) return { help: true };
  if (positionals.length > 1) throw new UsageError(`One folder at a time, please: got ${positionals.length}.`);

  const concurrency = Number(values.concurrency);
  if (!/^\d+$/.test(values.concurrency) || concurrency < 1 || concurrency > 64) {
    throw new UsageError(`--concurrency takes a whole number from 1 to 64, not "${values.concurrency}".`);
  }
  const folder = await existingFolder(positionals[0] ?? THIS_REPOSITORY);
  return {
    folder,
    out: await writablePlace(values.out),
    shownOut: values.out,
    concurrency,
    state: values.state === undefined ? undefined : await ownFolder(values.state, folder), // last, since it is made
    plain: values.plain || !process.stdout.isTTY || process.env.TERM === "dumb",
  };
}

function parse(args) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        out: { type: "string", default: "survey.md" },
        concurrency: { type: "string", default: "8" },
        state: { type: "string" },
        plain: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
  } catch (error) {
    // Its first sentence tells what is wrong; the rest is about writing such programs.
    throw new UsageError(`${error.message.split(/\.\s|\n/, 1)[0].replace(/\.$/, "")}.`);
  }
}

async function existingFolder(name) {
  const refuse = (error) => {
    throw new UsageError(`Cannot survey "${name}": ${reason(error)}.`);
  };
  const found = await stat(name).catch(refuse);
  if (!found.isDirectory()) throw new UsageError(`Cannot survey "${name}": it is a file, not a folder.`);
  await access(name, constants.R_OK | constants.X_OK).catch(refuse);
  return realpath(name);
}

/** Asked before the work begins, so that a typing error does not come to light at its end. */
async function writablePlace(name) {
  if (name === "") throw new UsageError("--out needs a file name.");
  const path = resolve(name);
  const folder = await realpath(dirname(path)).catch((error) => {
    throw new UsageError(`Cannot write "${name}": its folder: ${reason(error)}.`);
  });
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) throw new UsageError(`Cannot write "${name}": it is a folder.`);
  return join(folder, basename(path));
}

/** A folder that is made if it is not there. */
async function ownFolder(name, surveyed) {
  const refuse = (why) => {
    throw new UsageError(`Cannot keep anything in "${name}": ${why}.`);
  };
  if (name === "") refuse("there is no such file or folder");
  if (await stat(name).then((found) => found.isFile(), () => false)) refuse("it is a file, not a folder");
  await mkdir(name, { recursive: true }).catch((error) => refuse(reason(error)));
  const found = await realpath(name).catch((error) => refuse(reason(error)));
  return found === surveyed ? refuse("it is the folder to survey") : found;
}
