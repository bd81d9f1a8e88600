/** What a journal says, read event by event, and held against what must be true of it. */
import assert from "node:assert/strict";

/**
 * Checks that nothing in `events` contradicts itself, whatever crashes there were:
 * - positions without a gap, from the first event on;
 * - an attempt is begun only when none is open, and each with a higher number than all before it;
 * - a restart interrupts exactly the attempts that are open, and whatever is begun again has a higher number;
 * - nothing is begun again once it is completed.
 *
 * @returns what became of the tasks: by id, with every attempt that was begun.
 */
export function readHistory(events) {
  const tasks = new Map();
  let recoveries = 0;
  let interruptions = 0;
  let toInterrupt = 0;
  for (const [index, event] of events.entries()) {
    assert.equal(event.seq, index + 1);
    const task = tasks.get(event.taskId);
    const where = `event ${event.seq}: ${JSON.stringify(event).slice(0, 200)}`;
    switch (event.type) {
      case "task:created":
        tasks.set(event.taskId, { ...event, attempts: [], open: undefined, completed: 0, interrupted: 0 });
        break;
      case "task:started":
        assert.equal(task.open, undefined, `begun while an attempt is open; ${where}`);
        assert.equal(task.completed, 0, `begun after it was completed; ${where}`);
        assert.ok(event.attempt > (task.attempts.at(-1) ?? 0), `its number is not higher; ${where}`);
        task.attempts.push(event.attempt);
        task.open = event.attempt;
        break;
      case "journal:recovered":
        assert.equal(toInterrupt, 0, `not all open attempts were interrupted; ${where}`);
        toInterrupt = event.interrupted;
        assert.equal(toInterrupt, [...tasks.values()].filter(({ open }) => open !== undefined).length, where);
        recoveries += 1;
        break;
      case "task:interrupted":
        assert.equal(task.open, event.attempt, where);
        task.open = undefined;
        task.interrupted += 1;
        toInterrupt -= 1;
        interruptions += 1;
        break;
      case "task:completed":
        assert.equal(task.open, event.attempt, where);
        task.open = undefined;
        task.completed += 1;
        task.result = event.result;
        break;
      case "task:deleted":
        assert.equal(task.open, undefined, where);
        tasks.delete(event.taskId);
        break;
      case "task:failed":
      case "task:cancelled":
        assert.fail(`no task fails here; ${where}`);
    }
  }
  return { tasks, recoveries, interruptions };
}
