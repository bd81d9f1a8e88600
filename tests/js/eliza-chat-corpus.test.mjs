// Texts made by chance: this half of the chat reads in them what the half in Rust does.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { english, readIntent } from "agent-orchestrator-wasm/chat";

test("texts made by chance are read as in Rust", () => {
  const corpus = JSON.parse(readFileSync(new URL("../fixtures/chat-corpus.json", import.meta.url), "utf8"));
  assert.ok(corpus.length >= 4000);
  const wrong = corpus.flatMap((due) => {
    const read = { text: due.text, action: null, ...readIntent(english, due.text) };
    try {
      assert.deepEqual(read, due);
      return [];
    } catch {
      return [`due  ${JSON.stringify(due)}\nread ${JSON.stringify(read)}`];
    }
  });
  assert.equal(wrong.length, 0, `${wrong.length} differ:\n${wrong.slice(0, 20).join("\n\n")}`);
});
