// Takes the page's picture, with tasks in every status. Only on request:
//   node tests/browser/screenshot.mjs [--dark] [--size 1280x800] [--tab Events] [file]      default file: www/screenshot.png
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { start } from "./help/open.mjs";
import { choose, create, opened, press, until, untilProgress, untilStatus } from "./help/user.mjs";

const { values, positionals: [file] } = parseArgs({
  options: { dark: { type: "boolean" }, size: { type: "string", default: "1280x800" }, tab: { type: "string", default: "Output" } },
  allowPositionals: true,
});
const [width, height] = values.size.split("x").map(Number);

const { open, close } = await start();
const { page, problems } = await open({ viewport: { width, height }, colorScheme: values.dark ? "dark" : "light" });
const narrow = width < 720;
const back = () => (narrow ? press(page, "All tasks") : undefined);

await create(page, { name: "Count the words of the intro" });
await untilStatus(page, "completed");
await press(page, "Mark done");
await back();
await create(page, { provider: "Reader", name: "Read the page's sources" });
await untilStatus(page, "completed");
await back();
await create(page, { provider: "Reader", name: "Read what is missing", input: "index.html\nno-such-file.js" });
await untilStatus(page, "failed");
await back();
await create(page, { provider: "Prime finder", name: "Primes below a billion", input: "1,000,000,000" });
await untilProgress(page, 0);
await press(page, "Cancel");
await untilStatus(page, "cancelled");
await back();
await create(page, { provider: "Prime finder", name: "Primes below 50 million", input: "50,000,000" });
await untilProgress(page, 3);
await press(page, "Pause");
await untilStatus(page, "paused");
await back();
await create(page, { provider: "Prime finder", name: "Primes below 20 million", input: "20,000,000", tags: "numbers, demo" });
await back();
await create(page, { provider: "Prime finder", name: "Twins among the primes", input: "30,000,000" });
await back();
await create(page, { name: "Proofread the changelog", after: "Twins among the primes" });
await back();
await choose(page, "Primes below 20 million");
await untilProgress(page, 62);
await opened(page).getByRole("tab", { name: values.tab }).click();
await page.mouse.move(0, 0);
await page.evaluate(() => document.activeElement.blur());
await until(page, () => document.getAnimations().length === 0);
await page.screenshot({ path: file ?? fileURLToPath(new URL("../../www/screenshot.png", import.meta.url)) });
await close();
// The missing file is meant to be missing.
const unexpected = problems.filter((problem) => !problem.includes("404"));
if (unexpected.length > 0) {
  console.error(unexpected.join("\n"));
  process.exitCode = 1;
}
