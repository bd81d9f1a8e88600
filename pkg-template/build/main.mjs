// `npm run build`, and what the other commands do first.
import { build } from "./build.mjs";
import { main } from "./say.mjs";

await main(build);
