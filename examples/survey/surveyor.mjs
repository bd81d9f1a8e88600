/** Leads the survey: a provider that does its work by giving tasks to other providers. */
import { allTasks } from "./tasks.mjs";
import { count } from "./text.mjs";

export function surveyor(orchestrator) {
  return {
    id: "surveyor",
    label: "Surveyor",
    description: "Has a source tree scouted, read and written up",

    async executeTask(task, ctx) {
      const plan = ["Find the files", "Read the parts", "Write the survey"];
      const [finding, reading, writing] = plan.map((description) => ctx.addStep(description).id);

      // Tasks with a parent are cancelled together with it, so nothing here has to stop them. The key names the
      // order: after an interruption, ordering the same again gives the task that is there.
      const create = async (key, name, providerId, metadata) => {
        const order = { name, providerId, metadata, parentId: task.id, idempotencyKey: `${task.id}: ${key}` };
        return (await orchestrator.createTask(order)).id;
      };

      // Has tasks done, all at once; the orchestrator lets as many run as there is room for.
      const run = async (stepId, taskIds) => {
        ctx.updateStep(stepId, "running");
        const outcomes = await Promise.all(taskIds.map(done));
        ctx.signal.throwIfAborted();
        const failed = outcomes.filter((outcome) => !outcome.success);
        ctx.updateStep(stepId, failed.length > 0 ? "failed" : "completed");
        return { outcomes, failed };
      };

      const { out, leaveOut } = task.metadata;
      const scoutId = await create("find", "Find the files", "scout", { leaveOut });
      const found = await run(finding, [scoutId]);
      if (found.failed.length > 0) return { success: false, summary: "The files could not be found." };

      const parts = [...allTasks(orchestrator, { tag: scoutId })];
      const read = await run(reading, parts.map((part) => part.id));

      // Parts that failed are missing from the survey, and it says so: better than no survey. Were they read after
      // all when this is done again, that is another order.
      const writerId = await create(`write without ${read.failed.length}`, "Write the survey", "writer", { scoutId, out });
      const written = await run(writing, [writerId]);
      if (written.failed.length > 0) return { success: false, summary: "The survey could not be written." };

      const { summary, filesCreated } = written.outcomes[0].result;
      if (read.failed.length > 0) {
        return { success: false, summary, filesCreated, error: `${count(read.failed.length, "part")} could not be read` };
      }
      return { success: true, summary, filesCreated };
    },
  };

  /**
   * What is completed stays so, whatever has interrupted us since; everything else is begun, or begun again. One that
   * is under way already is joined.
   */
  async function done(id) {
    const { status } = orchestrator.getTask(id);
    if (status === "completed") return orchestrator.waitForTask(id);
    return status === "failed" || status === "cancelled" ? orchestrator.restartTask(id) : orchestrator.startTask(id);
  }
}
