//! The kernel: a pure state machine that decides everything.
//!
//! *decide, evolve, effect*: a command is checked against the state and either refused, changing nothing, or turned
//! into events; events are the only way state changes; effects tell the host what to do about them.
//!
//! Nothing here knows a clock, randomness, I/O, async, threads or JS: time and random bits come in with the call.
//! May use: std's collections, serde. Iteration is ordered everywhere, so the same commands give the same events
//! and the same state on every host.
//!
//! To add a machine: its commands, events and evolve in a file of its own, and a line in `handle` and `evolve`.

mod agents;
mod command;
mod currents;
mod deadlines;
mod effect;
mod error;
mod event;
mod evolve;
mod id;
mod key_set;
mod lifecycle;
pub mod limits;
mod names;
mod order;
mod output;
mod plan;
mod provider;
mod recovery;
mod reports;
mod schedule;
mod scheduling;
mod state;
pub mod status;
mod tail;
mod task;
mod tasks;
mod timers;
mod words;

use std::collections::VecDeque;

pub use agents::{
    Agent, AgentCommand, AgentEffect, AgentEnd, AgentFact, AgentFailure, AgentSettings, AgentStatus, Backoff,
    DeadLetter, DropReason, Goal, NewAgent, Overflow, RestartType, StopMode, Strategy, SupervisorAction,
};
pub use command::{Command, Ending, NewProvider, NewTask, Reply, Reporter};
pub use effect::Effect;
pub use error::{ErrorCode, OrchestratorError, Result};
pub use event::{Answer, Created, Edit, Event, FORMAT, Failure, Report, Sink, TaskWait};
pub use id::{AgentKey, Attempt, GroupKey, Incarnation, Message, Millis, ProviderKey, Seq, TaskKey};
pub use plan::{MAX_SPAN, NewPlan, OnDependencyFailure, OnInterrupt, Plan, Retry, Timeouts};
pub use provider::Provider;
pub use state::State;
pub use status::{Next, TaskStatus, TaskUserStatus, Verb};
pub use task::{Step, Task};

use agents::Live;
pub(crate) use key_set::KeySet;
use timers::Timers;

/// The numbers that a host chooses. They steer decisions and are not part of the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// How many tasks may run at once; at least 1.
    pub max_concurrency: u32,
    /// How many tasks are kept.
    pub max_tasks: u32,
    /// How many lines of output are kept of a task; at least 1.
    pub max_output_lines: u32,
    /// How many started tasks may wait for their turn.
    pub max_queued: u32,
    /// What becomes of tasks that were running when the orchestrator stopped without a goodbye, if they do not say.
    pub on_interrupt: OnInterrupt,
    /// Whether messages to agents, and their replies, are recorded, if an agent does not say.
    pub record_messages: bool,
    /// Whether there is a policy for agents that have none above them; else those that fail and may do better are
    /// restarted, and others end.
    pub consults: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_concurrency: 64,
            max_tasks: 1_000_000,
            max_output_lines: 500,
            max_queued: 1_000_000,
            on_interrupt: OnInterrupt::Pause,
            record_messages: false,
            consults: false,
        }
    }
}

/// The state machine.
///
/// Five kinds of methods. *Replay*: [`restore`](Self::restore) from a snapshot, [`apply`](Self::apply) for each event
/// after it, then [`recover`](Self::recover); for a new journal, [`open`](Self::open) instead. *Commands*:
/// [`handle`](Self::handle), at any time after. *Time*: after every command, ask [`poll_timeout`](Self::poll_timeout)
/// how long nothing is due, and call [`handle_timeout`](Self::handle_timeout) then; say
/// [`clock_jumped`](Self::clock_jumped) when the host's clock was set. *Effects*: after each of these, call
/// [`poll_effect`](Self::poll_effect) with the position up to which the events given to the sink are durable, until it
/// gives none, and again when more are. *Getters*: at any time; they see what the last command left.
#[derive(Debug, Default)]
pub struct Kernel {
    config: Config,
    state: State,
    effects: VecDeque<(Seq, Effect)>,
    timers: Timers,
    live: Live,
    changed: Vec<TaskKey>,
    ready: Vec<TaskKey>,
}

impl Kernel {
    /// An empty kernel. Open it with [`open`](Self::open), or bring it up to date with [`apply`](Self::apply).
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            config,
            ..Self::default()
        }
    }

    /// Begins a journal. `random` goes into the ids of its tasks.
    pub fn open(&mut self, now: Millis, random: u64, sink: &mut dyn Sink) {
        let prefix = id::prefix(now, random);
        self.turn(now, sink).emit(&Event::Opened {
            format: FORMAT,
            prefix: &prefix,
            seed: random,
        });
    }

    /// A kernel with the state of a snapshot.
    #[must_use]
    pub fn restore(config: Config, mut state: State) -> Self {
        state.index();
        Self {
            config,
            state,
            ..Self::default()
        }
    }

    /// Time of the last event; it never runs backwards.
    #[must_use]
    pub const fn at(&self) -> Millis {
        self.state.at
    }

    /// Position of the last event in a state.
    #[must_use]
    pub const fn position_of(state: &State) -> Seq {
        state.seq
    }

    /// Begins anew after a replay: no provider is registered, every attempt that was under way is interrupted, and what
    /// should have followed the last events, but is not in the journal, is done. `cut` is how many bytes of a torn end of the journal were dropped, for the record.
    pub fn recover(&mut self, now: Millis, cut: u64, sink: &mut dyn Sink) {
        let mut turn = self.turn(now, sink);
        turn.recover(cut);
        turn.recover_agents();
    }

    /// Applies one event of a journal, in order.
    pub fn apply(&mut self, at: Millis, event: &Event<'_>) {
        self.state.evolve(at, event);
    }

    /// Carries out one command. `now` may jump about: what is recorded never runs backwards.
    ///
    /// # Errors
    /// Refused, with the code that says why; nothing has changed then, and no event was given to the sink.
    pub fn handle(&mut self, now: Millis, command: Command<'_>, sink: &mut dyn Sink) -> Result<Reply> {
        let mut turn = self.turn(now, sink);
        // Agents share nothing with the schedule of tasks.
        let of_tasks = !matches!(command, Command::Agent(_));
        let reply = turn.carry_out(command);
        if reply.is_ok() && of_tasks {
            turn.settle();
        }
        reply
    }

    /// Does what is due at this time.
    pub fn handle_timeout(&mut self, now: Millis, sink: &mut dyn Sink) {
        let mut turn = self.turn(now, sink);
        turn.time_out();
        turn.time_out_agents();
    }

    /// For how many milliseconds nothing is due; none if nothing ever is.
    #[must_use]
    pub fn poll_timeout(&self, now: Millis) -> Option<Millis> {
        let steady = self.timers.steady(now);
        let agents = self.live.first().map(|due| due.saturating_sub(steady));
        self.timers.wait(now).into_iter().chain(agents).min()
    }

    /// Whether something is due some time.
    #[must_use]
    pub fn has_timer(&self) -> bool {
        !self.timers.is_empty() || self.live.first().is_some()
    }

    /// The host's clock was set forward by this many milliseconds, or back by that many below zero. Spans (time-outs,
    /// waits between attempts) go on as if it had not been; moments (deadlines, times to start) are told by the new one.
    pub const fn clock_jumped(&mut self, by: i64) {
        self.timers.jump(by);
    }

    /// The next thing to do, oldest first, if its event is at or before this position.
    #[must_use]
    pub fn poll_effect(&mut self, durable: Seq) -> Option<Effect> {
        let (seq, _) = self.effects.front()?;
        if *seq > durable {
            return None;
        }
        self.effects.pop_front().map(|(_, effect)| effect)
    }

    /// The numbers that the host chose.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// All of the state: serialize it to compare two kernels.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// Position of the last event; 0 before the first.
    #[must_use]
    pub const fn seq(&self) -> Seq {
        self.state.seq
    }

    /// The key of the task with this id.
    #[must_use]
    pub fn find_task(&self, id: &str) -> Option<TaskKey> {
        self.state.find(id)
    }

    /// A task.
    #[must_use]
    pub fn task(&self, key: TaskKey) -> Option<&Task> {
        self.state.task(key)
    }

    /// The id of a task, also of one that was deleted.
    #[must_use]
    pub fn task_id(&self, key: TaskKey) -> String {
        let mut id = String::with_capacity(20);
        self.state.write_id(key, &mut id);
        id
    }

    /// Whether the id of a task was chosen by the user.
    #[must_use]
    pub fn has_own_id(&self, key: TaskKey) -> bool {
        self.state.own_id(key).is_some()
    }

    /// What the ids that this kernel makes begin with.
    #[must_use]
    pub fn id_prefix(&self) -> &str {
        &self.state.prefix
    }

    /// The directory shown to the provider of a task.
    #[must_use]
    pub fn working_directory(&self, task: &Task) -> &str {
        self.state.text(task.working_directory)
    }

    /// The number under which [`text`](Self::text) knows the directory of a task.
    #[must_use]
    pub const fn working_directory_number(&self, task: &Task) -> u32 {
        task.working_directory
    }

    /// A string that many tasks share, by its number.
    #[must_use]
    pub fn text(&self, number: u32) -> &str {
        self.state.text(number)
    }

    /// The sub-agent type of a task: its provider's id, if none was given.
    #[must_use]
    pub fn sub_agent_type(&self, task: &Task) -> &str {
        match task.extras.as_ref().and_then(|extras| extras.sub_agent_type) {
            Some(number) => self.state.text(number),
            None => self.provider(task.provider).map_or("", Provider::id),
        }
    }

    /// The room of a task.
    #[must_use]
    pub fn room(&self, task: &Task) -> Option<&str> {
        Some(self.state.text(task.extras.as_ref()?.room?))
    }

    /// The world of a task.
    #[must_use]
    pub fn world(&self, task: &Task) -> Option<&str> {
        Some(self.state.text(task.extras.as_ref()?.world?))
    }

    /// What a task waits for, if its start was accepted and it does not run yet.
    #[must_use]
    pub fn waiting_for(&self, task: &Task) -> Option<TaskWait> {
        self.state.wait(task)
    }

    /// The group of a task, if it has one.
    #[must_use]
    pub fn group(&self, task: &Task) -> Option<&str> {
        Some(self.state.schedule.group_name(task.group())).filter(|name| !name.is_empty())
    }

    /// How many started tasks do not run yet.
    #[must_use]
    pub const fn waiting(&self) -> usize {
        self.state.schedule.waiting
    }

    /// Whether as many tasks wait as may wait.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.waiting() >= self.config.max_queued as usize
    }

    /// How many tasks run at a provider, and how many wait for it alone or for a slot.
    #[must_use]
    pub fn load(&self, provider: ProviderKey) -> (u32, usize) {
        let desk = self.state.schedule.desk(provider);
        desk.map_or((0, 0), |desk| (desk.running, desk.waiting))
    }

    /// The current task.
    #[must_use]
    pub const fn current(&self) -> Option<TaskKey> {
        self.state.current
    }

    /// The current task of a scope.
    #[must_use]
    pub fn current_in(&self, scope: &str) -> Option<TaskKey> {
        self.state.currents.get(scope)
    }

    /// How many tasks there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.state.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many tasks have this status.
    #[must_use]
    pub fn count(&self, status: TaskStatus) -> usize {
        self.state.by_status[status as usize].len()
    }

    /// How many attempts are open at providers.
    #[must_use]
    pub const fn running(&self) -> u32 {
        self.state.schedule.running
    }

    /// Tasks in order of creation.
    pub fn tasks(&self) -> impl DoubleEndedIterator<Item = (TaskKey, &Task)> {
        self.state.tasks.iter()
    }

    /// Keys of the tasks created after this one, upwards.
    pub(crate) fn tasks_after(&self, after: Option<TaskKey>) -> impl Iterator<Item = TaskKey> {
        let from = after.map_or(0, |key| key.index().saturating_add(1));
        self.state.tasks.within(from..usize::MAX).map(|(key, _)| key)
    }

    /// Keys of the tasks created before this one, downwards.
    pub(crate) fn tasks_before(&self, before: Option<TaskKey>) -> impl Iterator<Item = TaskKey> {
        let end = before.map_or(usize::MAX, TaskKey::index);
        self.state.tasks.within(0..end).rev().map(|(key, _)| key)
    }

    pub(crate) fn with_status(&self, status: TaskStatus) -> &KeySet {
        &self.state.by_status[status as usize]
    }

    pub(crate) fn with_tag(&self, tag: &str) -> Option<&KeySet> {
        self.state.by_tag.get(tag)
    }

    pub(crate) fn in_room(&self, room: &str) -> Option<&KeySet> {
        self.state.in_room(room)
    }

    pub(crate) fn in_world(&self, world: &str) -> Option<&KeySet> {
        self.state.in_world(world)
    }

    pub(crate) fn with_parent(&self, parent: TaskKey) -> Option<&KeySet> {
        self.state.children.get(&parent)
    }

    pub(crate) fn of_provider(&self, provider: ProviderKey) -> Option<&KeySet> {
        self.provider(provider).map(|provider| &provider.tasks)
    }

    /// The key of the provider with this id, registered now or once.
    #[must_use]
    pub fn find_provider(&self, id: &str) -> Option<ProviderKey> {
        self.state.find_provider(id)
    }

    /// A provider.
    #[must_use]
    pub fn provider(&self, key: ProviderKey) -> Option<&Provider> {
        self.state.provider(key)
    }

    /// All providers ever registered, in order of their first registration.
    pub fn providers(&self) -> impl Iterator<Item = (ProviderKey, &Provider)> {
        (0..).map(ProviderKey).zip(&self.state.providers)
    }

    fn turn<'k>(&'k mut self, now: Millis, sink: &'k mut dyn Sink) -> Turn<'k> {
        let at = now.max(self.state.at);
        Turn {
            config: self.config,
            state: &mut self.state,
            effects: &mut self.effects,
            timers: &mut self.timers,
            live: &mut self.live,
            changed: &mut self.changed,
            ready: &mut self.ready,
            sink,
            now,
            at,
        }
    }
}

/// One command being carried out. The machines add their own commands to it, each in its own file.
struct Turn<'k> {
    config: Config,
    state: &'k mut State,
    effects: &'k mut VecDeque<(Seq, Effect)>,
    timers: &'k mut Timers,
    live: &'k mut Live,
    /// Tasks that have ended or begun anew, whose neighbours do not know yet.
    changed: &'k mut Vec<TaskKey>,
    /// Tasks that nothing but the slots may hold back any more, and that wait in no lane yet.
    ready: &'k mut Vec<TaskKey>,
    sink: &'k mut dyn Sink,
    /// The host's time.
    now: Millis,
    /// The journal's time, which never runs backwards.
    at: Millis,
}

impl Turn<'_> {
    fn carry_out(&mut self, command: Command<'_>) -> Result<Reply> {
        match command {
            Command::RegisterProvider(provider) => self.register_provider(&provider),
            Command::UnregisterProvider(provider) => self.unregister_provider(provider),
            Command::LimitGroup { group, max } => self.limit_group(group, max),
            Command::Create(tasks) => self.create(tasks),
            Command::Start(task) => self.start(task),
            Command::Pause(task) => self.pause(task),
            Command::Resume(task) => self.resume(task),
            Command::Cancel { task, reason } => self.cancel(task, reason),
            Command::Restart(task) => self.restart(task),
            Command::Delete(task) => self.delete(task),
            Command::Rename { task, name } => self.rename(task, name),
            Command::Reassign { task, provider } => self.reassign(task, provider),
            Command::Mark { task, status } => self.mark(task, status),
            Command::Select(task) => self.select(task),
            Command::SelectIn { scope, task } => self.select_in(scope, task),
            Command::Output { task, by, text } => self.output(task, by, text),
            Command::Progress { task, by, percent } => self.progress(task, by, percent),
            Command::AddStep {
                task,
                by,
                description,
            } => self.add_step(task, by, description),
            Command::UpdateStep {
                task,
                by,
                step,
                status,
                output,
            } => self.update_step(task, by, step, status, output),
            Command::Finish {
                task,
                attempt,
                ending,
            } => self.finish(task, attempt, ending),
            Command::Agent(command) => self.supervise(command),
        }
    }

    /// Makes one fact. From the first call on, the command can no longer be refused.
    fn emit(&mut self, event: &Event<'_>) {
        self.sink.record(self.state.seq.saturating_add(1), self.at, event);
        self.order(event);
        self.state.evolve(self.at, event);
        self.keep_time(event);
        match *event {
            Event::Completed { task, .. }
            | Event::Failed { task, .. }
            | Event::Cancelled { task, .. }
            | Event::Queued { task, .. }
            | Event::Blocked { task, .. }
            | Event::Started { task, .. } => self.changed.push(task),
            _ => {}
        }
    }

    fn task(&self, key: TaskKey) -> Result<&Task> {
        self.state.task(key).ok_or_else(|| {
            OrchestratorError::new(
                ErrorCode::TaskNotFound,
                format!("there is no task number {}", key.0),
            )
        })
    }
}
