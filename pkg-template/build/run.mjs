// Starting other programs. No shell is involved, so a space in a path does no harm.
import { spawn, spawnSync } from "node:child_process";
import { root } from "./paths.mjs";
import { Stop } from "./say.mjs";

/**
 * Runs a program to its end and gives back what it wrote to stdout.
 * - `output`: "show" lets it write to the terminal, "tee" does so and collects both streams, "quiet" collects both and shows
 *   them only when it fails, "stdout" collects stdout and shows stderr.
 * - `minutes`: after that long it is stopped, so that a hang has a name.
 * - `mayFail`: a bad exit code is given back instead of thrown.
 */
export function run(command, args, { cwd = root, env = {}, output = "show", minutes = 20, mayFail = false, name = command } = {}) {
  const piped = output !== "show";
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ["ignore", piped ? "pipe" : "inherit", piped && output !== "stdout" ? "pipe" : "inherit"],
    });
    const collected = [];
    const collect = (stream, terminal) => {
      stream?.setEncoding("utf8");
      stream?.on("data", (text) => {
        collected.push(text);
        if (output === "tee") terminal.write(text);
      });
    };
    collect(child.stdout, process.stdout);
    collect(child.stderr, process.stderr);

    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill();
      // What ignores the polite signal, or left children holding the pipes, is not waited for either.
      setTimeout(() => { child.kill("SIGKILL"); child.stdout?.destroy(); child.stderr?.destroy(); }, 5_000).unref();
    }, minutes * 60_000);

    child.on("error", (error) => {
      clearTimeout(timer);
      reject(new Stop(error.code === "ENOENT" ? `"${command}" was not found.` : `"${command}" could not be started: ${error.message}`));
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      const text = collected.join("");
      if (code === 0 || (mayFail && !late)) return resolve({ code: code ?? 1, text });
      if (output === "quiet") process.stdout.write(text);
      const why = late ? `was stopped: not done after ${minutes} minutes` : code === null ? `was ended by ${signal}` : `failed (exit code ${code})`;
      reject(new Stop(`${name} ${why}.`));
    });
  });
}

/** What a quick command prints, or undefined when it is missing or fails. */
export function ask(command, args) {
  const { status, stdout } = spawnSync(command, args, { cwd: root, encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

/** Runs npm, the same one that runs us when there is one. */
export function npm(args, options = {}) {
  const own = process.env.npm_execpath;
  return own?.endsWith(".js")
    ? run(process.execPath, [own, ...args], { name: "npm", ...options })
    : run("npm", args, options);
}

/** Runs cargo and gives back the artifacts it reports; its progress goes to the terminal. */
export async function cargoArtifacts(args, options = {}) {
  const { text } = await run("cargo", [...args, "--message-format=json-render-diagnostics"], { output: "stdout", name: `cargo ${args[0]}`, ...options });
  return text.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line)).filter((message) => message.reason === "compiler-artifact");
}
