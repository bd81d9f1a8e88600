// `npm run bench`: what a task and a message cost, what a start costs, how large the package is, the kernel alone, and the journal. A
// measurement and no test: on a busy machine single figures lie, ratios of the same run much less so.
import { main, say } from "../pkg-template/build/say.mjs";
import { ensureNpmTools } from "../pkg-template/build/setup/npm.mjs";
import { agents } from "./agents.mjs";
import { durability } from "./durability.mjs";
import { kernel } from "./kernel.mjs";
import { lifecycle } from "./lifecycle.mjs";
import { peers } from "./peers.mjs";
import { recovery } from "./recovery.mjs";
import { size } from "./size.mjs";
import { start } from "./start.mjs";

await main(async () => {
  await ensureNpmTools({ forTests: true });
  for (const [title, part] of [
    ["The life of a task whose provider does next to nothing", lifecycle],
    ["A message to a supervised agent", agents],
    ["Import and start in Node", start],
    ["The package", size],
    ["The kernel, natively", kernel],
    ["The journal in files, natively", durability],
    ["Supervised agents and their peers, natively", peers],
    ["Opening a journal in Node", recovery],
  ]) {
    say(`\n${title}`);
    await part();
  }
});
