/** What a model is told of somebody's tasks. */
import type { OrchestratorApi } from "../../api.js";
import type { Language } from "./language.js";
import type { Replies } from "./replies.js";
import type { Sight } from "./viewer.js";

/** What {@link Chat.context} gives, for a provider of prompts. */
export interface ChatContext {
  readonly text: string;
  readonly values: { readonly taskContext: string; readonly currentTaskName: string; readonly currentTaskStatus: string };
  readonly data: { readonly taskCount: number; readonly currentTaskId: string | null };
}

const RECENT = 10;

/** Everything that one viewer may see: his current task, the newest ones, and those that a restart left behind. */
export function contextOf(orchestrator: OrchestratorApi, language: Language, replies: Replies, sight: Sight): ChatContext {
  const tasks = [...sight.tasks()];
  const current = sight.current();
  const about = current ?? tasks[0];
  const taskContext = about === undefined ? language.replies.noContext : orchestrator.taskContext(about.id);
  const parts = [language.replies.context, taskContext];
  if (tasks.length > 0) parts.push([language.replies.recent, ...replies.lines("recentLine", tasks.slice(0, RECENT), RECENT, current)].join("\n"));
  const interrupted = tasks.filter(({ status, waitingFor }) => status === "paused" && waitingFor === "interrupted");
  if (interrupted.length > 0) parts.push([language.replies.interrupted, ...replies.lines("line", interrupted, RECENT), language.replies.interruptedHint].join("\n"));
  return {
    text: parts.join("\n\n"),
    values: { taskContext, currentTaskName: current?.name ?? language.replies.noName, currentTaskStatus: current?.status ?? language.replies.noStatus },
    data: { taskCount: tasks.length, currentTaskId: current?.id ?? null },
  };
}
