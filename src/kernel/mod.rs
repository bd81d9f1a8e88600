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

mod command;
mod effect;
mod error;
mod event;
mod evolve;
mod id;
mod key_set;
mod lifecycle;
pub mod limits;
mod output;
mod provider;
mod reports;
mod schedule;
mod state;
pub mod status;
mod task;
mod tasks;

use std::collections::VecDeque;

pub use command::{Command, Ending, NewProvider, NewTask, Reply, Reporter};
pub use effect::Effect;
pub use error::{ErrorCode, OrchestratorError, Result};
pub use event::{Answer, Created, Edit, Event, FORMAT, Report, Sink, TaskWait};
pub use id::{Attempt, Millis, ProviderKey, Seq, TaskKey};
pub use provider::Provider;
pub use state::State;
pub use status::{Next, TaskStatus, TaskUserStatus, Verb};
pub use task::{Step, Task};

pub(crate) use key_set::KeySet;

/// The numbers that a host chooses. They steer decisions and are not part of the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// How many tasks may run at once; at least 1.
    pub max_concurrency: u32,
    /// How many tasks are kept.
    pub max_tasks: u32,
    /// How many lines of output are kept of a task; at least 1.
    pub max_output_lines: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_concurrency: 64,
            max_tasks: 1_000_000,
            max_output_lines: 500,
        }
    }
}

/// The state machine.
///
/// Four kinds of methods. *Commands*: [`handle`](Self::handle), at any time. *Effects*: after every command, call
/// [`poll_effect`](Self::poll_effect) until it gives none, and carry them out once the events that the command gave
/// to the sink are as durable as they are going to be. *Replay*: [`apply`](Self::apply), before the first command.
/// *Getters*: at any time; they see what the last command left.
#[derive(Debug, Default)]
pub struct Kernel {
    config: Config,
    state: State,
    effects: VecDeque<Effect>,
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
        });
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
        match command {
            Command::RegisterProvider(provider) => turn.register_provider(&provider),
            Command::UnregisterProvider(provider) => turn.unregister_provider(provider),
            Command::Create(tasks) => turn.create(tasks),
            Command::Start(task) => turn.start(task),
            Command::Pause(task) => turn.pause(task),
            Command::Resume(task) => turn.resume(task),
            Command::Cancel { task, reason } => turn.cancel(task, reason),
            Command::Restart(task) => turn.restart(task),
            Command::Delete(task) => turn.delete(task),
            Command::Rename { task, name } => turn.rename(task, name),
            Command::Reassign { task, provider } => turn.reassign(task, provider),
            Command::Mark { task, status } => turn.mark(task, status),
            Command::Select(task) => turn.select(task),
            Command::Output { task, by, text } => turn.output(task, by, text),
            Command::Progress { task, by, percent } => turn.progress(task, by, percent),
            Command::AddStep {
                task,
                by,
                description,
            } => turn.add_step(task, by, description),
            Command::UpdateStep {
                task,
                by,
                step,
                status,
                output,
            } => turn.update_step(task, by, step, status, output),
            Command::Finish {
                task,
                attempt,
                ending,
            } => turn.finish(task, attempt, ending),
        }
    }

    /// The next thing to do, oldest first.
    #[must_use]
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
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
        task.is_waiting().then(|| self.state.wait(task.provider))
    }

    /// The current task.
    #[must_use]
    pub const fn current(&self) -> Option<TaskKey> {
        self.state.current
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
        // `create` refuses before the number of tasks ever made exceeds what a key can hold.
        self.state
            .tasks
            .iter()
            .enumerate()
            .filter_map(|(n, task)| Some((TaskKey(n as u32), task.as_deref()?)))
    }

    /// Keys of the tasks created after this one, upwards.
    pub(crate) fn tasks_after(&self, after: Option<TaskKey>) -> impl Iterator<Item = TaskKey> {
        let from = after
            .map_or(0, |key| key.index().saturating_add(1))
            .min(self.state.tasks.len());
        self.tasks_in(from..self.state.tasks.len())
    }

    /// Keys of the tasks created before this one, downwards.
    pub(crate) fn tasks_before(&self, before: Option<TaskKey>) -> impl Iterator<Item = TaskKey> {
        let end = before
            .map_or(usize::MAX, TaskKey::index)
            .min(self.state.tasks.len());
        self.tasks_in(0..end).rev()
    }

    fn tasks_in(&self, range: std::ops::Range<usize>) -> impl DoubleEndedIterator<Item = TaskKey> {
        // Keys hold every index there is; see `tasks`.
        range
            .filter(|index| self.state.tasks[*index].is_some())
            .map(|index| TaskKey(index as u32))
    }

    pub(crate) fn with_status(&self, status: TaskStatus) -> &KeySet {
        &self.state.by_status[status as usize]
    }

    pub(crate) fn with_tag(&self, tag: &str) -> Option<&KeySet> {
        self.state.by_tag.get(tag)
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
        self.state.provider_keys.get(id).copied()
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
            sink,
            at,
        }
    }
}

/// One command being carried out. The machines add their own commands to it, each in its own file.
struct Turn<'k> {
    config: Config,
    state: &'k mut State,
    effects: &'k mut VecDeque<Effect>,
    sink: &'k mut dyn Sink,
    at: Millis,
}

impl Turn<'_> {
    /// Makes one fact. From the first call on, the command can no longer be refused.
    fn emit(&mut self, event: &Event<'_>) {
        self.sink.record(self.state.seq + 1, self.at, event);
        self.order(event);
        self.state.evolve(self.at, event);
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
