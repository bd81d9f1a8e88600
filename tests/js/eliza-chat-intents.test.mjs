// What texts ask for: the cases that both halves of the chat share, and what no text may do.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { english, readIntent } from "agent-orchestrator-wasm/chat";

const { intents } = JSON.parse(readFileSync(new URL("../fixtures/chat.json", import.meta.url), "utf8"));

describe("the shared cases", () => {
  for (const { text, action, ...rest } of intents) {
    test(JSON.stringify(text), () => {
      const intent = readIntent(english, text);
      assert.deepEqual(intent, action === null ? undefined : { action, ...rest });
    });
  }
});
