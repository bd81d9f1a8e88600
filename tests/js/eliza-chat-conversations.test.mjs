// Whole conversations, which both halves of the chat must have word for word.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Chat } from "agent-orchestrator-wasm/chat";
import { open } from "./help/open.mjs";
import "./help/unhandled.mjs";

const { conversations } = JSON.parse(readFileSync(new URL("../fixtures/chat.json", import.meta.url), "utf8"));

const does = {
  waits: (_, { signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  finishes: () => "done",
  fails: () => ({ success: false, summary: "broken" }),
};

for (const { about, providers, messages } of conversations) {
  test(about, async (t) => {
    const orchestrator = await open(t, { providers: providers.map(({ id, label, does: what }) => ({ id, label, executeTask: does[what] })), defaultProviderId: providers[0].id });
    const chat = new Chat({ orchestrator });
    for (const { room, user, world, role, text, action, success, reply, parameters, asked } of messages) {
      const answer = await chat.respond({ room, user, world, role }, text, { action: asked, parameters });
      if (action === null) assert.equal(answer, undefined, text);
      else assert.deepEqual({ action: answer?.action, success: answer?.success, reply: answer?.text }, { action, success, reply }, text);
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
}
