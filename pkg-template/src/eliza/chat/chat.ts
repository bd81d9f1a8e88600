/** The chat: does what a text asks for, and answers. */
import { OrchestratorError, type OrchestratedTask, type OrchestratorApi, type TaskRun, _describe as describe } from "../../api.js";
import type { ActionName } from "./actions.js";
import { contextOf, type ChatContext } from "./context.js";
import { english } from "./english.js";
import { find, findById, TERMINAL, type Search } from "./find.js";
import { saidOf, understand, type Understood } from "./intent.js";
import type { Control, Language, ReplyKey } from "./language.js";
import { lexiconOf, type Lexicon } from "./lexicon.js";
import { parametersOf, type Parameters } from "./parameters.js";
import { passageOf } from "./passage.js";
import { lines, offer, say, type Values } from "./replies.js";
import { targetOf, type Named } from "./target.js";
import { firstChars, LONGEST_TITLE } from "./title.js";
import { currentOf, firstOf, select, type Viewer } from "./viewer.js";
import { fold, LINE_END, oneLine } from "./words.js";

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

const LONGEST_DESCRIPTION = 4000;
const LISTED = 20;
const MOST_LISTED = 100;
const CHOICES = 10;
/** To how many viewers it is remembered what they were shown. */
const VIEWERS = 1000;

const CONTROL_OF: { readonly [A in ActionName]?: Control } = { SWITCH_TASK: "switch", PAUSE_TASK: "pause", RESUME_TASK: "resume", CANCEL_TASK: "cancel" };
const DONE: { readonly [C in Control]: ReplyKey } = { switch: "switched", pause: "paused", resume: "resumed", again: "restarted", cancel: "cancelled" };

/** One call of {@link Chat.respond}. */
interface Request {
  readonly viewer: Viewer;
  readonly text: string;
  readonly understood: Understood | undefined;
  readonly parameters: Parameters;
}
type Answer = Omit<Reply, "action">;

/** Takes messages of many rooms; remembers what it showed to whom, and nothing else. */
export class Chat {
  readonly #orchestrator: OrchestratorApi;
  readonly #lexicon: Lexicon;
  readonly #language: Language;
  readonly #create: (wanted: WantedTask) => Promise<OrchestratedTask>;
  readonly #worldOf: (viewer: Viewer) => string | undefined;
  /** Ids in the order in which lists showed them, so that "the second one" is the one that was seen there. */
  readonly #shown = new Map<string, readonly string[]>();

  constructor({ orchestrator, language = english, create, worldOf }: ChatOptions) {
    this.#orchestrator = orchestrator;
    this.#lexicon = lexiconOf(language);
    this.#language = language;
    this.#create = create ?? (({ userId, ...task }) => orchestrator.createTask({ ...task, metadata: userId === undefined ? {} : { entityId: userId } }));
    this.#worldOf = worldOf ?? (({ world }) => world);
  }

  /** Whether a text asks for this action. */
  validate(action: ActionName, text: string): boolean {
    return understand(this.#lexicon, textOf(text))?.intent.action === action;
  }

  /** What somebody's tasks are, as text for a model's prompt. */
  context(viewer: Viewer): ChatContext {
    return contextOf(this.#orchestrator, this.#language, viewer);
  }

  /** Tells of tasks that a restart has interrupted, and how to go on with them. */
  offer(tasks: readonly OrchestratedTask[]): string {
    return offer(this.#language, tasks);
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
    try {
      const request = { viewer, text: said, understood, parameters: parametersOf(asked.parameters) };
      const control = CONTROL_OF[action];
      if (control !== undefined) return { action, ...(await this.#change(request, action, control)) };
      return { action, ...(action === "CREATE_TASK" ? await this.#make(request) : action === "LIST_TASKS" ? this.#list(request) : this.#search(request)) };
    } catch (error) {
      return { action, ...this.#no("failed", codeOf(error), { reason: describe(error) }) };
    }
  }

  #say(key: ReplyKey, values?: Values): string {
    return say(this.#language, key, values);
  }

  #no(key: ReplyKey, code: string | undefined, values?: Values): Answer {
    return { success: false, text: this.#say(key, values), data: code === undefined ? {} : { code } };
  }

  // ----- making -----

  async #make({ viewer, text, understood, parameters }: Request): Promise<Answer> {
    const named = parameters.text("title", "name");
    const provider = parameters.text("provider", "providerId");
    const description = parameters.text("description") ?? text;
    const steps = parameters.texts("steps");
    const start = parameters.flag("start") ?? true;

    const { intent: { title = "", using = "" }, title: whole = "" } = understood?.intent.action === "CREATE_TASK" ? understood : { intent: {}, title: text.trim().split(LINE_END, 1)[0] };
    const usable = this.#providerId(using);
    // One that is asked for and not there is for the orchestrator to refuse.
    const providerId = provider === undefined ? usable : (this.#providerId(provider) ?? provider);
    const name = firstChars(oneLine(named ?? (usable === undefined ? whole : title)), LONGEST_TITLE) || this.#say("untitled");

    const orchestrator = this.#orchestrator;
    const task = await this.#create({
      name, description: firstChars(description.trim(), LONGEST_DESCRIPTION) || name, steps, providerId,
      roomId: viewer.room, worldId: this.#worldOf(viewer), userId: viewer.user,
    });
    const { id, providerLabel } = task;
    if (steps.length > 0) await orchestrator.appendOutput(id, [this.#say("plan"), ...steps.map((step, index) => `${index + 1}. ${oneLine(step)}`)].join("\n"));
    // Where no more current tasks are kept it is made all the same.
    await select(orchestrator, viewer, id, true).catch((error: unknown) => {
      if (codeOf(error) !== "LIMIT_EXCEEDED") throw error;
    });
    if (start) await this.#begin(orchestrator.startTask(id), () => orchestrator.deleteTask(id));
    return { success: true, text: this.#say(start ? "created" : "kept", { name: task.name, provider: providerLabel }), data: { taskId: id } };
  }

  /** The id of the provider with this id or label. */
  #providerId(word: string): string | undefined {
    const { providers } = this.#orchestrator;
    return (providers.find(({ id }) => id === word) ?? providers.find(({ id, label }) => [id, label].map(fold).includes(fold(word))))?.id;
  }

  /** Waits until the start is kept, or refused, but not for the run. What was made for one that is refused is undone. */
  async #begin(run: TaskRun, undo?: () => Promise<void>): Promise<void> {
    let refusal: unknown;
    // A run that was refused has rejected already, so that this is told before anything that is waited for from here on.
    run.catch((error: unknown) => (refusal = error));
    await this.#orchestrator.flush();
    if (refusal === undefined) return;
    await undo?.();
    throw refusal;
  }

  // ----- looking -----

  #list({ viewer, understood, parameters }: Request): Answer {
    const status = parameters.status("status", this.#lexicon) ?? understood?.intent.status ?? "all";
    const limit = parameters.count("limit", MOST_LISTED) ?? LISTED;
    const { tasks, total } = firstOf(this.#orchestrator, viewer, status === "all" ? {} : { status }, limit);
    const current = currentOf(this.#orchestrator, viewer)?.id;
    return { success: true, ...this.#show(viewer, this.#say(tasks.length === 0 ? "none" : "list"), tasks, limit, current, total) };
  }

  #search({ viewer, text, understood, parameters }: Request): Answer {
    const query = parameters.text("query") ?? understood?.intent.query ?? understood?.named?.typed ?? saidOf(this.#lexicon, text, "SEARCH_TASKS").query;
    if (query === "") return this.#no("searchWhat", undefined);
    const { tasks, total } = firstOf(this.#orchestrator, viewer, { text: query }, CHOICES);
    const head = this.#say(total === 0 ? "foundNone" : "found", { query, count: total });
    return { success: true, ...this.#show(viewer, head, tasks, CHOICES) };
  }

  /** A list, which is remembered when it has something in it. */
  #show({ room, user }: Viewer, head: string, tasks: readonly OrchestratedTask[], most: number, currentId?: string, total?: number): Omit<Answer, "success"> {
    const taskIds = tasks.slice(0, most).map(({ id }) => id);
    const key = JSON.stringify([room, user]);
    if (taskIds.length > 0) {
      // The one who looked last is at the end.
      this.#shown.delete(key);
      this.#shown.set(key, taskIds);
      if (this.#shown.size > VIEWERS) this.#shown.delete(this.#shown.keys().next().value!);
    }
    return { text: [head, ...lines(this.#language, "line", tasks, most, currentId, total)].join("\n"), data: { taskIds } };
  }

  // ----- changing -----

  async #change({ viewer, text, understood, parameters }: Request, action: ActionName, asked: Control): Promise<Answer> {
    const spoken = saidOf(this.#lexicon, text, action);
    const restart = parameters.flag("restart") ?? understood?.intent.again ?? spoken.again;
    const control = asked === "resume" && restart ? "again" : asked;
    const id = parameters.text("taskId", "id");
    const wanted = parameters.text("task", "target", "query", "name");
    const named = wanted === undefined ? (understood?.named ?? spoken.named) : this.#named(wanted);
    const verb = this.#language.says[control];

    const search: Search = { orchestrator: this.#orchestrator, lexicon: this.#lexicon, viewer, shown: this.#shown.get(JSON.stringify([viewer.room, viewer.user])) };
    const unsaid = id === undefined && control === "switch" && Object.keys(named.target).length === 0;
    const [kind, tasks] = unsaid ? (["nothing", []] as const) : id === undefined ? find(search, named, control) : findById(search, id);
    if (kind === "nothing") return this.#no(control === "switch" ? "switchWhich" : "nothingTo", "NOTHING_SELECTED", { verb });
    if (kind === "foreign") return this.#no("foreign", "FOREIGN", { verb });
    if (kind === "notFound") return this.#no("notFound", "NOT_FOUND", { query: firstChars(id ?? named.typed, LONGEST_DESCRIPTION) });
    if (kind === "which") {
      const { text, data } = this.#show(viewer, this.#say("which", { count: tasks.length }), tasks, CHOICES);
      return { success: false, text: `${text}\n${this.#say("whichHint", { verb })}`, data: { ...data, code: "AMBIGUOUS" } };
    }

    const done: Answer[] = [];
    for (const task of tasks) done.push(await this.#do(control, task, viewer));
    if (kind === "one") return done[0]!;
    const said = done.slice(0, CHOICES).map(({ text }) => text);
    if (done.length > CHOICES) said.push(this.#say("more", { count: done.length - CHOICES }));
    return { success: done.every(({ success }) => success), text: said.join("\n"), data: { taskIds: tasks.map(({ id }) => id) } };
  }

  async #do(control: Control, { id, name, status }: OrchestratedTask, viewer: Viewer): Promise<Answer> {
    const orchestrator = this.#orchestrator;
    try {
      if (control === "switch") await select(orchestrator, viewer, id, false);
      else if (control === "pause") await orchestrator.pauseTask(id);
      else if (control === "cancel") await orchestrator.cancelTask(id);
      // Where it has not begun, or holds, to begin again and to go on are the same.
      else if (status === "pending" || status === "blocked") await this.#begin(orchestrator.startTask(id));
      else if (control === "again" && status !== "paused") await this.#begin(orchestrator.restartTask(id));
      else await orchestrator.resumeTask(id);
      return { success: true, text: this.#say(DONE[control], { name }), data: { taskId: id } };
    } catch (error) {
      const { text, data } = this.#no("refused", codeOf(error), { verb: this.#language.says[control], name, reason: describe(error) });
      const hint = control === "resume" && TERMINAL.includes(status) ? `\n${this.#say("useRestart", { status })}` : "";
      return { success: false, text: text + hint, data: { taskId: id, ...data } };
    }
  }

  /** The target that a parameter names. */
  #named(text: string): Named {
    const passage = passageOf(this.#lexicon, text);
    // A name of signs alone is a name all the same.
    const quoted = passage.words.length === 0 ? passageOf(this.#lexicon, `"${text.trim()}"`) : passage;
    return targetOf(quoted, [0, quoted.words.length]);
  }
}

/** A host may pass a message without a text. */
const textOf = (text: unknown): string => (typeof text === "string" ? text : "");

const codeOf = (error: unknown): string | undefined => (OrchestratorError.isInstance(error) ? error.code : undefined);
