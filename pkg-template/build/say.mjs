// What a person reads while the build works: what starts, that it still runs, how long it took, why it stopped.

/** An error that is the user's to mend: shown as one plain message, without a stack. */
export class Stop extends Error {}

export const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

export const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} KB`;

export function say(line) {
  process.stdout.write(`${line}\n`);
}

/** Runs `work` under a title, and says that it still runs when it is long in coming. */
export async function step(title, work) {
  const start = performance.now();
  say(`- ${title}`);
  const beat = setInterval(() => say(`  ... ${title}: ${seconds(start)} so far`), 20_000);
  try {
    const result = await work();
    say(`  done in ${seconds(start)}`);
    return result;
  } finally {
    clearInterval(beat);
  }
}

/** Runs a program's main function: a failure is said, and is the exit code. */
export async function main(work) {
  try {
    if (Number.parseInt(process.versions.node) < 20) throw new Stop(`Node ${process.versions.node} is too old; 20 or newer is needed.`);
    await work();
  } catch (error) {
    console.error(error instanceof Stop ? `\n${error.message}` : error);
    process.exitCode = 1;
  }
}
