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

const PAGE = 1000;

/** The tasks that one viewer may see. Those that he may see he may control. */
export class Sight {
  constructor(
    private readonly orchestrator: OrchestratorApi,
    readonly viewer: Viewer,
  ) {}

  sees(task: OrchestratedTask): boolean {
    const { room, world, role } = this.viewer;
    return role === "owner" || task.roomId === room || (role === "worldOwner" && world !== undefined && task.worldId === world);
  }

  /** The task with this id, if it may be seen. */
  task(id: string): OrchestratedTask | undefined {
    const task = this.orchestrator.getTask(id);
    return task !== undefined && this.sees(task) ? task : undefined;
  }

  /** All tasks that meet the conditions and may be seen, in the order of the list. */
  *tasks(query: ListQuery = {}): Generator<OrchestratedTask, undefined> {
    const { room, world, role } = this.viewer;
    if (role === "owner") return yield* this.pages(query);
    const ofRoom = this.pages({ ...query, roomId: room });
    if (role !== "worldOwner" || world === undefined) return yield* ofRoom;
    // Two lists of one order, as one; what both have is in its world.
    const ofWorld = this.pages({ ...query, worldId: world });
    const older = query.sort === "createdAt" ? 1 : -1;
    let [one, other] = [ofRoom.next().value, ofWorld.next().value];
    while (one !== undefined || other !== undefined) {
      if (one?.worldId === world) {
        one = ofRoom.next().value;
      } else if (other === undefined || (one !== undefined && (one.createdAt - other.createdAt) * older < 0)) {
        yield one!;
        one = ofRoom.next().value;
      } else {
        yield other;
        other = ofWorld.next().value;
      }
    }
    return undefined;
  }

  /** Tasks that meet the conditions, wherever they are. */
  *pages(query: ListQuery): Generator<OrchestratedTask, undefined> {
    for (let cursor: string | undefined; ; ) {
      const page = this.orchestrator.listTasks({ limit: PAGE, ...query, cursor });
      yield* page.tasks;
      cursor = page.nextCursor;
      if (cursor === undefined) return undefined;
    }
  }

  // ----- the current task -----

  /** Of one's own first, then of the room. */
  private scopes(): readonly string[] {
    const { room, user } = this.viewer;
    return user === undefined ? [`room:${room}`] : [`room:${room}|user:${user}`, `room:${room}`];
  }

  /** The task that the viewer is at, else the one that the room is at, unless only one of his `own` will do. */
  current(own = false): OrchestratedTask | undefined {
    const scopes = this.scopes();
    for (const scope of own ? scopes.slice(0, 1) : scopes) {
      const task = this.orchestrator.currentTaskIn(scope);
      if (task !== undefined && this.sees(task)) return task;
    }
    return undefined;
  }

  /** Makes a task the current one, of the viewer and of his room; with `ifNone` only where there is none that he sees. */
  async select(id: string, ifNone = false): Promise<void> {
    for (const scope of this.scopes()) {
      const before = ifNone ? this.orchestrator.currentTaskIn(scope) : undefined;
      if (before === undefined || !this.sees(before)) await this.orchestrator.switchTask(id, { scope });
    }
  }
}
