/** Who asks, and what of all tasks is there for whom. */
import type { ListQuery, OrchestratedTask, OrchestratorApi } from "../../api.js";

/** Who asks, and where. */
export interface Viewer {
  /** The room, whose tasks its members see and control. */
  readonly room: string;
  /** Who it is, where that is known; then there is a current task of one's own beside that of the room. */
  readonly user?: string | undefined;
  /** The world that the room is in. */
  readonly world?: string | undefined;
  /** A `worldOwner` sees and controls also the tasks of the world, an `owner` all there are. Default `member`. */
  readonly role?: "member" | "worldOwner" | "owner" | undefined;
}

/** Those that a viewer may see he may control. */
export const sees = ({ room, world, role }: Viewer, task: OrchestratedTask): boolean =>
  role === "owner" || task.roomId === room || (role === "worldOwner" && world !== undefined && task.worldId === world);

/** The task with this id, if the viewer sees it. */
export function taskOf(orchestrator: OrchestratorApi, viewer: Viewer, id: string): OrchestratedTask | undefined {
  const task = orchestrator.getTask(id);
  return task !== undefined && sees(viewer, task) ? task : undefined;
}

/** All tasks that meet the conditions, wherever they are. */
export function tasksAnywhere(orchestrator: OrchestratorApi, query: ListQuery): OrchestratedTask[] {
  const tasks: OrchestratedTask[] = [];
  let cursor: string | undefined;
  do {
    const page = orchestrator.listTasks({ limit: 1000, ...query, cursor });
    tasks.push(...page.tasks);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return tasks;
}

/** All tasks that meet the conditions and that a viewer sees, in the order of the list. */
export function tasksOf(orchestrator: OrchestratorApi, { room, world, role }: Viewer, query: ListQuery = {}): OrchestratedTask[] {
  if (role === "owner") return tasksAnywhere(orchestrator, query);
  const ofRoom = tasksAnywhere(orchestrator, { ...query, roomId: room });
  if (role !== "worldOwner" || world === undefined) return ofRoom;
  const ofWorld = tasksAnywhere(orchestrator, { ...query, worldId: world });
  // Mostly none: then the order is the orchestrator's own, also of tasks of the same millisecond.
  const others = ofRoom.filter(({ worldId }) => worldId !== world);
  return others.length === 0 ? ofWorld : [...ofWorld, ...others].sort((one, other) => other.createdAt - one.createdAt);
}

/** The first tasks that a viewer sees of those that meet the conditions, and how many there are. */
export function firstOf(orchestrator: OrchestratorApi, viewer: Viewer, query: ListQuery, limit: number): { tasks: readonly OrchestratedTask[]; total: number } {
  const { room, role } = viewer;
  if (role === "worldOwner") {
    const tasks = tasksOf(orchestrator, viewer, query);
    return { tasks: tasks.slice(0, limit), total: tasks.length };
  }
  const { tasks, total = 0 } = orchestrator.listTasks({ ...query, ...(role !== "owner" && { roomId: room }), limit, total: true });
  return { tasks, total };
}

/** Where a viewer's current tasks are kept: his own, then that of the room. */
const scopesOf = ({ room, user }: Viewer): string[] => [...(user === undefined ? [] : [`room:${room}|user:${user}`]), `room:${room}`];

/** The task that the viewer is at, else the one that his room is at, unless only one of his `own` will do. */
export const currentOf = (orchestrator: OrchestratorApi, viewer: Viewer, own = false): OrchestratedTask | undefined =>
  scopesOf(viewer).slice(0, own ? 1 : 2).map((scope) => orchestrator.currentTaskIn(scope)).find((task) => task !== undefined && sees(viewer, task));

/** Makes a task the current one of the viewer and of his room; with `ifNone` only where there is none that he sees. */
export async function select(orchestrator: OrchestratorApi, viewer: Viewer, id: string, ifNone: boolean): Promise<void> {
  for (const scope of scopesOf(viewer)) {
    const before = ifNone ? orchestrator.currentTaskIn(scope) : undefined;
    if (before === undefined || !sees(viewer, before)) await orchestrator.switchTask(id, { scope });
  }
}
