// What every host must be able to do with the package; it is handed in as that host imported it.
export const expected = "completed: done; output: Hello Ada";

export async function smoke({ AgentOrchestrator, init }) {
  await init();
  const orchestrator = await AgentOrchestrator.open({
    providers: [{
      id: "greeter",
      async executeTask(task, context) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        context.appendOutput(`Hello ${task.name}`);
        return "done";
      },
    }],
  });
  const task = await orchestrator.createTask({ name: "Ada" });
  const { status, summary } = await orchestrator.startTask(task.id);
  const { output } = orchestrator.getTask(task.id);
  await orchestrator.dispose();
  return `${status}: ${summary}; output: ${output.join("|")}`;
}
