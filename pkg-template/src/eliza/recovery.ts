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

  /** Finds what was interrupted since the last time, at once, and tells the rooms. Rejects only with what the orchestrator refuses. */
  async make(runtime: ElizaRuntime, orchestrator: OrchestratorApi, chat: Chat): Promise<void> {
    const interrupted = interruptedTasks(orchestrator).filter((task) => !task.output.includes(noteOf(task)));
    const rooms = new Set(interrupted.map(({ roomId }) => roomId).filter((room) => room !== undefined));
    for (const room of rooms) this.#untold.set(room, chat.offer(interrupted.filter(({ roomId }) => roomId === room)));
    await Promise.all(interrupted.map((task) => orchestrator.appendOutput(task.id, noteOf(task))));
    await Promise.all([...rooms].map((room) => this.#tell(runtime, room)));
  }

  /** What is to be added to the next reply in a room. */
  take(room: string): string | undefined {
    const untold = this.#untold.get(room);
    this.#untold.delete(room);
    return untold;
  }

  async #tell(runtime: ElizaRuntime, roomId: string): Promise<void> {
    let offered: string | undefined;
    try {
      const room = await runtime.getRoom?.(roomId);
      const source = text(room, "source");
      if (source === undefined || runtime.sendMessageToTarget === undefined) return;
      // Not while it is on its way already, nor when a reply was faster.
      offered = this.take(roomId);
      if (offered === undefined) return;
      await runtime.sendMessageToTarget({ source, roomId, channelId: text(room, "channelId"), serverId: text(room, "messageServerId") }, { text: offered, source });
    } catch {
      // Nobody who could take the message there is here yet. The next reply in that room says it.
      if (offered !== undefined) this.#untold.set(roomId, offered);
    }
  }
}
