/** What a model is told of somebody's tasks. */
import type { OrchestratorApi } from "../../api.js";
import type { Language } from "./language.js";
import { lines, offer, say } from "./replies.js";
import { currentOf, firstOf, tasksOf, type Viewer } from "./viewer.js";

/** What {@link Chat.context} gives, for a provider of prompts. */
export interface ChatContext {
  readonly text: string;
  readonly values: { readonly taskContext: string; readonly currentTaskName: string; readonly currentTaskStatus: string };
  readonly data: { readonly taskCount: number; readonly currentTaskId: string | null };
}

const RECENT = 10;

/** Everything that one viewer sees: his current task, the newest ones, and those that a restart left behind. */
export function contextOf(orchestrator: OrchestratorApi, language: Language, viewer: Viewer): ChatContext {
  const { tasks, total } = firstOf(orchestrator, viewer, {}, RECENT);
  const current = currentOf(orchestrator, viewer);
  const about = current ?? tasks[0];
  const taskContext = about === undefined ? say(language, "noContext") : orchestrator.taskContext(about.id);
  const recent = [say(language, "recent"), ...lines(language, "recentLine", tasks, RECENT, current?.id)];
  const interrupted = tasksOf(orchestrator, viewer, { status: "paused" }).filter(({ waitingFor }) => waitingFor === "interrupted");
  return {
    text: [say(language, "context"), taskContext, ...(tasks.length > 0 ? [recent.join("\n")] : []), ...(interrupted.length > 0 ? [offer(language, interrupted)] : [])].join("\n\n"),
    values: { taskContext, currentTaskName: current?.name ?? say(language, "noName"), currentTaskStatus: current?.status ?? say(language, "noStatus") },
    data: { taskCount: total, currentTaskId: current?.id ?? null },
  };
}
