/** What a restart has interrupted: found when the service starts, and offered to those who asked for it. */
import type { OrchestratedTask, OrchestratorApi } from "../api.js";
import type { Chat } from "./chat/index.js";
import { tasksAnywhere } from "./chat/viewer.js";
import { text, type ElizaRuntime } from "./runtime-types.js";

/** The tasks that wait to be resumed since the process that ran them ended. */
export const interruptedTasks = (orchestrator: OrchestratorApi): OrchestratedTask[] =>
  tasksAnywhere(orchestrator, { status: "paused", userStatus: "open" }).filter(({ waitingFor }) => waitingFor === "interrupted");

/** Written into the output of a task, so that each interruption is offered once, however often the process starts. */
const noteOf = ({ attempt }: OrchestratedTask): string => (attempt > 2 ? `Paused due to restart, in attempt ${attempt - 1}.` : "Paused due to restart.");

/** Tells each room of its interrupted tasks, once. */
export class Offers {
  /** What rooms could not be told yet. */
  readonly #untold = new Map<string, string>();

  /** Finds what was interrupted since the last time, and tells the rooms. Never rejects. */
  async make(runtime: ElizaRuntime, orchestrator: OrchestratorApi, chat: Chat): Promise<void> {
    const rooms = new Map<string, OrchestratedTask[]>();
    for (const task of interruptedTasks(orchestrator)) {
      const note = noteOf(task);
      if (task.output.includes(note)) continue;
      await orchestrator.appendOutput(task.id, note);
      if (task.roomId !== undefined) rooms.set(task.roomId, [...(rooms.get(task.roomId) ?? []), task]);
    }
    for (const [room, tasks] of rooms) this.#untold.set(room, chat.offer(tasks));
    await Promise.all([...rooms.keys()].map((room) => this.#tell(runtime, room)));
  }

  /** What is to be added to the next reply in a room. */
  take(room: string): string | undefined {
    const untold = this.#untold.get(room);
    this.#untold.delete(room);
    return untold;
  }

  async #tell(runtime: ElizaRuntime, roomId: string): Promise<void> {
    try {
      const room = await runtime.getRoom?.(roomId);
      const source = text(room, "source");
      const offered = this.#untold.get(roomId);
      if (source === undefined || offered === undefined || runtime.sendMessageToTarget === undefined) return;
      await runtime.sendMessageToTarget({ source, roomId, channelId: text(room, "channelId"), serverId: text(room, "messageServerId") }, { text: offered, source });
      this.#untold.delete(roomId);
    } catch {
      // Nobody who could take the message there is here yet. The next reply in that room says it.
    }
  }
}
