// An agent with the elizaOS face, in a runtime that is no more than what a plugin sees of one: the same for import and require.
export const allReplied = "Created task: login | 1. login — completed 100% (current) | 1. login — completed 100% (current)";

/** Creates a task in a folder, ends, starts again there, and lists tasks; what was replied is given. */
export async function talk({ createAgentOrchestratorPlugin }, folder) {
  process.chdir(folder);
  const plugin = createAgentOrchestratorPlugin({ providers: [{ id: "a", executeTask: () => "done" }], defaultProviderId: "a" });
  const replies = [];
  const runtime = { agentId: "ada", getService: () => runtime.service };
  for (const names of [["CREATE_TASK", "LIST_TASKS"], ["LIST_TASKS"]]) {
    runtime.service = await plugin.services[0].start(runtime);
    for (const name of names) {
      const message = { roomId: "lobby", entityId: "ann", content: { text: name === "CREATE_TASK" ? "create a task for login" : "tasks" } };
      const { text } = await plugin.actions.find((action) => action.name === name).handler(runtime, message);
      replies.push(text.split("\n")[name === "CREATE_TASK" ? 0 : 1]);
    }
    await runtime.service.stop();
  }
  return replies.join(" | ");
}
