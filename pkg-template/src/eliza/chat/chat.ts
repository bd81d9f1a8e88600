/** The chat: does what a text asks for, and answers. */
import { OrchestratorError, type OrchestratedTask, type OrchestratorApi, type TaskRun, _describe as describe } from "../../api.js";
import type { ActionName } from "./actions.js";
import { contextOf, type ChatContext } from "./context.js";
import { english } from "./english.js";
import { Finder } from "./find.js";
import { firstChars, TITLE, understand, type Understood } from "./intent.js";
import type { Control, Language, ReplyKey } from "./language.js";
import { lexiconOf, type Lexicon } from "./lexicon.js";
import { Parameters } from "./parameters.js";
import { Passage } from "./passage.js";
import { Replies } from "./replies.js";
import { Shown } from "./shown.js";
import { targetOf, type Named } from "./target.js";
import { Sight, type Viewer } from "./viewer.js";
import { fold, oneLine } from "./words.js";

/** A task that somebody asks for in a chat. */
export interface WantedTask {
  readonly name: string;
  readonly description: string;
  readonly roomId: string;
  readonly worldId: string | undefined;
  /** The default provider when absent. */
  readonly providerId: string | undefined;
  readonly steps: readonly string[];
  readonly userId: string | undefined;
}

/** What {@link Chat} is made of. */
export interface ChatOptions {
  readonly orchestrator: OrchestratorApi;
  /** The table of words and texts. Default English. */
  readonly language?: Language | undefined;
  /** Makes a task, without starting it. Default: in the orchestrator. */
  readonly create?: ((wanted: WantedTask) => Promise<OrchestratedTask>) | undefined;
  /** The world of the tasks that a viewer makes. Default: that of the viewer. */
  readonly worldOf?: ((viewer: Viewer) => string | undefined) | undefined;
}

/** What was done, and what is answered. */
export interface Reply {
  readonly action: ActionName;
  readonly success: boolean;
  readonly text: string;
  readonly data: {
    /** The one task that was made or changed. */
    readonly taskId?: string;
    /** The tasks of a list, or those that can be meant. */
    readonly taskIds?: readonly string[];
    /** Why nothing was done: `AMBIGUOUS`, `FOREIGN`, `NOT_FOUND`, `NOTHING_SELECTED`, or the code of an {@link OrchestratorError}. */
    readonly code?: string;
  };
}

const DESCRIPTION = 4000;
const LISTED = 20;
const SHOWN = 10;

const DONE: { readonly [C in Control]: ReplyKey } = { switch: "switched", pause: "paused", resume: "resumed", again: "restarted", cancel: "cancelled" };
const TERMINAL: readonly string[] = ["completed", "failed", "cancelled"];

/** One call of {@link Chat.respond}. */
interface Request {
  readonly action: ActionName;
  readonly viewer: Viewer;
  readonly sight: Sight;
  readonly text: string;
  readonly understood: Understood | undefined;
  readonly parameters: Parameters;
}

const ids = (tasks: readonly OrchestratedTask[]): string[] => tasks.map(({ id }) => id);

/** Takes messages of many rooms; remembers what it showed to whom, and nothing else. */
export class Chat {
  readonly #orchestrator: OrchestratorApi;
  readonly #lexicon: Lexicon;
  readonly #replies: Replies;
  readonly #shown = new Shown();
  readonly #create: (wanted: WantedTask) => Promise<OrchestratedTask>;
  readonly #worldOf: (viewer: Viewer) => string | undefined;

  constructor({ orchestrator, language = english, create, worldOf }: ChatOptions) {
    this.#orchestrator = orchestrator;
    this.#lexicon = lexiconOf(language);
    this.#replies = new Replies(language);
    this.#create = create ?? (({ userId, ...task }) => orchestrator.createTask({ ...task, metadata: userId === undefined ? {} : { entityId: userId } }));
    this.#worldOf = worldOf ?? (({ world }) => world);
  }

  /** Whether a text asks for this action. */
  validate(action: ActionName, text: string): boolean {
    return understand(this.#lexicon, textOf(text))?.intent.action === action;
  }

  /** What somebody's tasks are, as text for a model's prompt. */
  context(viewer: Viewer): ChatContext {
    return contextOf(this.#orchestrator, this.#lexicon.language, this.#replies, new Sight(this.#orchestrator, viewer));
  }

  /**
   * Does what a text asks for, and answers; nothing when it asks for nothing. What is `asked` by a planner comes first, and
   * what that does not say is read from the text. What is wrong, or refused, is answered too: this never rejects.
   */
  async respond(viewer: Viewer, text: string, asked: { readonly action?: ActionName | undefined; readonly parameters?: unknown } = {}): Promise<Reply | undefined> {
    const said = textOf(text);
    const understood = understand(this.#lexicon, said);
    const action = asked.action ?? understood?.intent.action;
    if (action === undefined) return undefined;
    const answer = (success: boolean, reply: string, data: Reply["data"] = {}): Reply => ({ action, success, text: reply, data });
    try {
      const sight = new Sight(this.#orchestrator, viewer);
      const request: Request = { action, viewer, sight, text: said, understood, parameters: new Parameters(asked.parameters) };
      switch (action) {
        case "CREATE_TASK": return await this.#make(request, answer);
        case "LIST_TASKS": return this.#list(request, answer);
        case "SEARCH_TASKS": return this.#search(request, answer);
        default: return await this.#change(request, answer);
      }
    } catch (error) {
      return answer(false, this.#replies.say("failed", { reason: describe(error) }), codeOf(error));
    }
  }

  // ----- making -----

  async #make({ viewer, sight, text, understood, parameters }: Request, answer: Answer): Promise<Reply> {
    const named = parameters.text("title", "name");
    const provider = parameters.text("provider", "providerId");
    const description = parameters.text("description") ?? text;
    const steps = parameters.texts("steps") ?? [];
    const start = parameters.flag("start") ?? true;

    const { intent, title } = understood?.intent.action === "CREATE_TASK" ? understood : { intent: undefined, title: text.trim().split("\n", 1)[0]! };
    const using = intent?.using === undefined ? undefined : this.#providerId(intent.using);
    const read = using === undefined ? title : intent!.title!;
    const name = firstChars(oneLine(named ?? read), TITLE) || this.#replies.say("untitled");
    const providerId = provider === undefined ? using : this.#providerId(provider);
    if (provider !== undefined && providerId === undefined) throw new OrchestratorError("PROVIDER_NOT_FOUND", `there is no provider ${JSON.stringify(firstChars(provider, TITLE))}`);

    const task = await this.#create({
      name, description: firstChars(description.trim(), DESCRIPTION) || name, steps, providerId,
      roomId: viewer.room, worldId: this.#worldOf(viewer), userId: viewer.user,
    });
    if (steps.length > 0) await this.#orchestrator.appendOutput(task.id, [this.#replies.say("plan"), ...steps.map((step, index) => `${index + 1}. ${oneLine(step)}`)].join("\n"));
    await sight.select(task.id, true);
    if (start) await this.#begin(this.#orchestrator.startTask(task.id));
    return answer(true, this.#replies.task(start ? "created" : "kept", task, { provider: task.providerLabel }), { taskId: task.id });
  }

  /** The id of the provider with this id or label. */
  #providerId(word: string): string | undefined {
    const wanted = fold(word);
    const { providers } = this.#orchestrator;
    return (providers.find(({ id }) => id === word) ?? providers.find(({ id, label }) => fold(id) === wanted || fold(label) === wanted))?.id;
  }

  /** Waits until the start is kept, or refused, but not for the run. */
  async #begin(run: TaskRun): Promise<void> {
    let refusal: unknown;
    // A run that was refused has rejected already, so that this is told before anything that is waited for from here on.
    run.catch((error: unknown) => (refusal = error));
    await this.#orchestrator.flush();
    if (refusal !== undefined) throw refusal;
  }

  // ----- looking -----

  #list({ viewer, sight, understood, parameters }: Request, answer: Answer): Reply {
    const wanted = parameters.status(this.#lexicon) ?? understood?.intent.status;
    const limit = parameters.limit() ?? LISTED;
    const tasks = [...sight.tasks(wanted === undefined || wanted === "all" ? {} : { status: wanted })];
    if (tasks.length === 0) return answer(true, this.#replies.say("none"), { taskIds: [] });
    const taskIds = this.#show(viewer, tasks, limit);
    return answer(true, [this.#replies.say("list"), ...this.#replies.lines("line", tasks, limit, sight.current())].join("\n"), { taskIds });
  }

  #search({ viewer, sight, text, understood, parameters }: Request, answer: Answer): Reply {
    const { intent } = understood ?? {};
    const query = parameters.text("query") ?? (intent?.action === "SEARCH_TASKS" ? intent.query! : this.#named(text, undefined).typed);
    if (query === "") return answer(false, this.#replies.say("searchWhat"));
    const tasks = [...sight.tasks({ text: query })];
    if (tasks.length === 0) return answer(true, this.#replies.say("foundNone", { query }), { taskIds: [] });
    const taskIds = this.#show(viewer, tasks, SHOWN);
    return answer(true, [this.#replies.say("found", { count: tasks.length, query }), ...this.#replies.lines("line", tasks.slice(0, SHOWN), SHOWN)].join("\n"), { taskIds });
  }

  /** Remembers what is about to be shown. */
  #show(viewer: Viewer, tasks: readonly OrchestratedTask[], most: number): readonly string[] {
    const shown = ids(tasks.slice(0, most));
    this.#shown.remember(viewer, shown);
    return shown;
  }

  // ----- changing -----

  async #change({ action, viewer, sight, text, understood, parameters }: Request, answer: Answer): Promise<Reply> {
    const { language } = this.#lexicon;
    const restart = parameters.flag("restart") ?? understood?.intent.again ?? false;
    const control: Control = action === "SWITCH_TASK" ? "switch" : action === "PAUSE_TASK" ? "pause" : action === "CANCEL_TASK" ? "cancel" : restart ? "again" : "resume";
    const verb = language.says[control];
    const id = parameters.text("taskId", "id");
    const wanted = parameters.text("task", "target", "query", "name");

    const finder = new Finder(this.#orchestrator, this.#lexicon, this.#shown, sight);
    const named = wanted === undefined ? this.#named(text, understood) : this.#named(wanted, undefined);
    if (id === undefined && control === "switch" && Object.keys(named.target).length === 0) return answer(false, this.#replies.say("switchWhich"), { code: "NOTHING_SELECTED" });
    const found = id === undefined ? finder.find(named, control) : finder.byId(id);
    switch (found.kind) {
      case "nothing": return answer(false, this.#replies.say(control === "switch" ? "switchWhich" : "nothingTo", { verb }), { code: "NOTHING_SELECTED" });
      case "foreign": return answer(false, this.#replies.say("foreign", { verb }), { code: "FOREIGN" });
      case "notFound": return answer(false, this.#replies.say("notFound", { query: firstChars(id ?? named.typed, DESCRIPTION) }), { code: "NOT_FOUND" });
      case "which": {
        const { tasks } = found;
        const taskIds = this.#show(viewer, tasks, SHOWN);
        const lines = [this.#replies.say("which", { count: tasks.length }), ...this.#replies.lines("line", tasks, SHOWN), this.#replies.say("whichHint", { verb })];
        return answer(false, lines.join("\n"), { taskIds, code: "AMBIGUOUS" });
      }
      case "one": {
        const { success, said, code } = await this.#do(control, found.task, sight);
        return answer(success, said, { taskId: found.task.id, ...(code === undefined ? {} : { code }) });
      }
      case "all": return this.#doAll(control, found.tasks, sight, answer);
    }
  }

  async #doAll(control: Control, tasks: readonly OrchestratedTask[], sight: Sight, answer: Answer): Promise<Reply> {
    const lines: string[] = [];
    let success = true;
    for (const task of tasks) {
      const done = await this.#do(control, task, sight);
      success &&= done.success;
      lines.push(done.said);
    }
    const more = lines.length > SHOWN ? [this.#replies.say("more", { count: lines.length - SHOWN })] : [];
    return answer(success, [...lines.slice(0, SHOWN), ...more].join("\n"), { taskIds: ids(tasks) });
  }

  async #do(control: Control, task: OrchestratedTask, sight: Sight): Promise<{ readonly success: boolean; readonly said: string; readonly code?: string }> {
    const { id, name } = task;
    const orchestrator = this.#orchestrator;
    try {
      if (control === "switch") await sight.select(id);
      else if (control === "pause") await orchestrator.pauseTask(id);
      else if (control === "cancel") await orchestrator.cancelTask(id);
      else if (control === "again") await this.#begin(orchestrator.restartTask(id));
      else if (task.status === "pending") await this.#begin(orchestrator.startTask(id));
      else await orchestrator.resumeTask(id);
      return { success: true, said: this.#replies.say(DONE[control], { name }) };
    } catch (error) {
      const refused = this.#replies.say("refused", { verb: this.#lexicon.language.says[control], name, reason: describe(error) });
      const hint = control === "resume" && TERMINAL.includes(task.status) ? `\n${this.#replies.task("useRestart", task)}` : "";
      return { success: false, said: refused + hint, ...codeOf(error) };
    }
  }

  /** The target that a text was understood to name, else all of it as one. */
  #named(text: string, understood: Understood | undefined): Named {
    if (understood?.named !== undefined) return understood.named;
    const passage = new Passage(this.#lexicon, text);
    return targetOf(passage, [0, passage.words.length]);
  }
}

type Answer = (success: boolean, text: string, data?: Reply["data"]) => Reply;

/** A host may pass a message without a text. */
const textOf = (text: unknown): string => (typeof text === "string" ? text : "");

const codeOf = (error: unknown): { readonly code?: string } => (OrchestratorError.isInstance(error) ? { code: error.code } : {});
