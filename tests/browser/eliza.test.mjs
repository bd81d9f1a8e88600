// The elizaOS face in a page: an agent whose tasks are in IndexedDB without being asked to, and still there after a reload.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { site as newSite } from "./help/journals.mjs";

let site;
before(async () => { site = await newSite(); });
after(async () => {
  await site.close();
  assert.deepEqual(site.problems, []);
});

/** Starts the plugin in a page, in a runtime that is no more than what it sees of one, and sends it messages; gives the replies. */
const chat = (page, messages) => page.evaluate(async (messages) => {
  const { init } = await import("/pkg/dist/index.js");
  await init();
  const { createAgentOrchestratorPlugin } = await import("/pkg/dist/eliza/browser.js");
  const plugin = createAgentOrchestratorPlugin({ providers: [{ id: "waits", label: "Waits", executeTask: () => new Promise(() => {}) }], defaultProviderId: "waits" });
  const warnings = [];
  const runtime = { agentId: "ada", logger: { warn: (_, message) => warnings.push(message), error: (_, message) => warnings.push(message) }, getService: () => runtime.service };
  runtime.service = await plugin.services[0].start(runtime);
  const replies = [];
  for (const text of messages) {
    const message = { roomId: "lobby", entityId: "ann", content: { text } };
    for (const action of plugin.actions) {
      if (await action.validate(runtime, message)) await action.handler(runtime, message, undefined, {}, async (content) => replies.push(content.text));
    }
  }
  return { replies, warnings };
}, messages);

test("tasks are kept in IndexedDB, interrupted by a reload, and resumed", async () => {
  const { page } = await site.tab();
  assert.deepEqual(await chat(page, ["create a task for login"]), { replies: ["Created task: login\nProvider: Waits\nStarting execution…"], warnings: [] });
  await page.reload();
  const offer = 'Interrupted by a restart, and waiting to be resumed:\n1. login — paused 0%\nSay "resume task" and the name to go on.';
  assert.deepEqual(await chat(page, ["tasks", "resume task login", "tasks"]), {
    replies: [`Tasks:\n1. login — paused 0% (current)\n\n${offer}`, "Resumed task: login", "Tasks:\n1. login — running 0% (current)"], warnings: [],
  });
  await page.close();
});
