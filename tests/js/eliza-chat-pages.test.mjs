// What a chat looks at: no more tasks than it shows, however many a room has.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Chat } from "agent-orchestrator-wasm/chat";
import { open } from "./help/open.mjs";
import "./help/unhandled.mjs";

/** The same orchestrator, and how many tasks it was asked for. */
function counted(orchestrator) {
  const seen = { tasks: 0 };
  const watched = new Proxy(orchestrator, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return (...given) => {
        const answer = value.apply(target, given);
        if (name === "listTasks") seen.tasks += answer.tasks.length;
        return answer;
      };
    },
  });
  return { watched, seen };
}

test("fault 14: every list, search and context loads all tasks; here they load those that they show, and count the others", async (t) => {
  const orchestrator = await open(t);
  for (let made = 0; made < 5000; made += 1000) {
    await orchestrator.createTasks(Array.from({ length: 1000 }, (_, number) => ({ name: `thing ${made + number}`, roomId: number % 2 === 0 ? "here" : "there" })));
  }
  const { watched, seen } = counted(orchestrator);
  const chat = new Chat({ orchestrator: watched });
  for (const [role, all] of [["member", 2500], ["owner", 5000]]) {
    const viewer = { room: "here", user: "ann", role };
    const looked = async (look) => {
      seen.tasks = 0;
      const text = await look();
      return [text, seen.tasks];
    };
    const say = (text) => looked(async () => (await chat.respond(viewer, text)).text);
    const [list, listed] = await say("show my tasks");
    assert.ok(list.endsWith(`… and ${all - 20} more`) && listed === 20, `${listed}`);
    const [found, searched] = await say("find tasks about thing");
    assert.ok(found.startsWith(`Found ${all} task(s)`) && searched === 10, `${searched}`);
    const [count, told] = await looked(async () => chat.context(viewer).data.taskCount);
    assert.deepEqual([count, told], [all, 10]);
  }
});
