//! The orchestrator, for Rust.

use std::fmt;
use std::sync::Arc;

use futures::{FutureExt, StreamExt};

use super::builder::AgentOrchestratorBuilder;
use super::create::{CreateTask, Prepared, Start};
use super::driver::{Driver, Owned, outcome};
use super::engine::Engine;
use super::event::OrchestratorEvent;
use super::past::Verification;
use super::provider::AgentProvider;
use super::query::{self, ListQuery, not_found};
use super::run::{TaskOutcome, TaskRun};
use super::subscription::{EventFilter, EventStream};
use super::task::{OrchestratedTask, TaskStep, steps_of};
use super::task_context::task_context;
use crate::kernel::{
    Command, ErrorCode, Kernel, NewProvider, OrchestratorError, Reply, Reporter, Result, TaskKey, TaskStatus,
    TaskUserStatus, limits,
};
use crate::runtime::{MaybeSend, MaybeSync, Runtime};

#[cfg(not(target_family = "wasm"))]
pub(super) type Directory = Box<dyn Fn() -> String + Send + Sync>;
#[cfg(target_family = "wasm")]
pub(super) type Directory = Box<dyn Fn() -> String>;

/// One page of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskPage {
    /// The tasks, in order.
    pub tasks: Vec<OrchestratedTask>,
    /// What to pass as `cursor` for the next page; absent on the last.
    pub next_cursor: Option<String>,
    /// How many tasks meet the conditions, if the query asks for that.
    pub total: Option<usize>,
}

impl TaskPage {
    pub(super) fn of(kernel: &Kernel, query: &ListQuery) -> Result<Self> {
        let page = query.run(kernel)?;
        let tasks = page
            .keys
            .iter()
            .filter_map(|key| OrchestratedTask::of(kernel, *key))
            .collect();
        Ok(Self {
            tasks,
            next_cursor: page.next_cursor,
            total: page.total,
        })
    }
}

/// What is known of a provider that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderInfo {
    /// The id.
    pub id: String,
    /// The label.
    pub label: String,
    /// What it is good for.
    pub description: Option<String>,
}

/// One control plane: tasks, the providers that carry them out, and everything that happens to them.
///
/// Clones are handles to the same orchestrator; natively they may be sent to other threads. The futures of the
/// methods that change something are ready when the change is as durable as the journal makes it.
///
/// ```
/// # #[cfg(feature = "native")]
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use agent_orchestrator::{
///     AgentOrchestrator, AgentProvider, CreateTask, OrchestratedTask, ProviderTaskExecutionContext, TaskResult, async_trait,
/// };
///
/// struct Greeter;
///
/// #[async_trait]
/// impl AgentProvider for Greeter {
///     fn id(&self) -> &str {
///         "greeter"
///     }
///
///     async fn execute_task(&self, task: &OrchestratedTask, _: &ProviderTaskExecutionContext) -> TaskResult {
///         TaskResult::success(format!("Hello, {}", task.description))
///     }
/// }
///
/// let orchestrator = AgentOrchestrator::builder().provider(Greeter).build().await?;
/// let outcome = orchestrator.run_task(CreateTask::new("Greet").description("world")).await?.await?;
/// assert_eq!(outcome.summary, "Hello, world");
/// # Ok::<(), agent_orchestrator::OrchestratorError>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct AgentOrchestrator {
    driver: Driver,
    settings: Arc<Settings>,
}

struct Settings {
    default_provider: Option<String>,
    directory: Directory,
}

/// A subscription by a function; dropping it ends it.
#[derive(Debug)]
#[must_use = "the subscription ends when this is dropped"]
pub struct Subscription {
    _end: futures::channel::oneshot::Sender<()>,
}

impl AgentOrchestrator {
    /// Begins the options of an orchestrator.
    #[must_use]
    pub fn builder() -> AgentOrchestratorBuilder {
        AgentOrchestratorBuilder::default()
    }

    pub(super) fn new(driver: Driver, default_provider: Option<String>, directory: Directory) -> Self {
        Self {
            driver,
            settings: Arc::new(Settings {
                default_provider,
                directory,
            }),
        }
    }

    /// Creates a task; it waits to be started. The first one becomes the current task.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`, `LIMIT_EXCEEDED`, `PROVIDER_NOT_FOUND`, `TASK_EXISTS`, or `TASK_NOT_FOUND` for the parent.
    pub async fn create_task(&self, task: CreateTask) -> Result<OrchestratedTask> {
        let key = self.create(std::slice::from_ref(&task))?;
        self.flush().await?;
        self.snapshot(key)
    }

    /// Creates several tasks, or none if one of them is refused.
    ///
    /// # Errors
    /// As [`create_task`](Self::create_task).
    pub async fn create_tasks(&self, tasks: &[CreateTask]) -> Result<Vec<OrchestratedTask>> {
        let first = self.create(tasks)?.get();
        self.flush().await?;
        let count = u32::try_from(tasks.len()).unwrap_or(u32::MAX);
        (first..first + count)
            .map(|key| self.snapshot(TaskKey::new(key)))
            .collect()
    }

    /// Starts a task, or joins the attempt that is under way. While no slot is free it stays `pending`, and
    /// `waiting_for` says so.
    ///
    /// # Errors
    /// `TASK_NOT_FOUND`, `ILLEGAL_TRANSITION`, or `PROVIDER_NOT_FOUND`.
    pub async fn start_task(&self, task_id: &str) -> Result<TaskRun> {
        let run = self.run(|owned| find(owned, task_id), Command::Start)?;
        self.flush().await.map(|()| run)
    }

    /// Creates a task and starts it.
    ///
    /// # Errors
    /// As [`create_task`](Self::create_task).
    pub async fn run_task(&self, task: CreateTask) -> Result<TaskRun> {
        let run = self.create_and_start(task)?;
        self.flush().await.map(|()| run)
    }

    /// Begins a new attempt of a task that has ended. Its output and its planned steps stay.
    ///
    /// # Errors
    /// `TASK_NOT_FOUND`, `ILLEGAL_TRANSITION`, or `PROVIDER_NOT_FOUND`.
    pub async fn restart_task(&self, task_id: &str) -> Result<TaskRun> {
        let run = self.run(|owned| find(owned, task_id), Command::Restart)?;
        self.flush().await.map(|()| run)
    }

    /// The outcome of a task: at once if it has ended, else when it does.
    ///
    /// # Errors
    /// `TASK_NOT_FOUND`, `DISPOSED` while waiting, or the journal's.
    pub async fn wait_for_task(&self, task_id: &str) -> Result<TaskOutcome> {
        let waiting = self.driver.read(|owned| {
            let key = find(owned, task_id)?;
            let kernel = owned.engine.kernel();
            match kernel.task(key).filter(|task| task.status().is_terminal()) {
                Some(task) => Ok(Err(outcome(kernel, key, task.attempt()))),
                // Those who waited when the journal failed were told then.
                None => match owned.engine.failure() {
                    Some(error) => Err(error.clone()),
                    None => Ok(Ok(Driver::wait(owned, key))),
                },
            }
        })??;
        match waiting {
            // That it has ended may not be durable yet.
            Err(outcome) => self.flush().await.map(|()| outcome),
            Ok(waiting) => waiting.await.unwrap_or_else(|_| {
                Err(OrchestratorError::new(
                    ErrorCode::Disposed,
                    "the orchestrator is gone",
                ))
            }),
        }
    }

    /// Asks a task to hold. A provider that does not look finishes all the same.
    ///
    /// # Errors
    /// `TASK_NOT_FOUND` or `ILLEGAL_TRANSITION`.
    pub async fn pause_task(&self, task_id: &str) -> Result<OrchestratedTask> {
        self.edit(task_id, Command::Pause).await
    }

    /// Lets a paused task go on.
    ///
    /// # Errors
    /// `TASK_NOT_FOUND` or `ILLEGAL_TRANSITION`.
    pub async fn resume_task(&self, task_id: &str) -> Result<OrchestratedTask> {
        self.edit(task_id, Command::Resume).await
    }

    /// Calls a task off, and all tasks below it: at once, whatever their providers do. Without a reason it is
    /// "Cancelled by user".
    ///
    /// # Errors
    /// `TASK_NOT_FOUND` or `ILLEGAL_TRANSITION`.
    pub async fn cancel_task(&self, task_id: &str, reason: Option<&str>) -> Result<OrchestratedTask> {
        let reason = reason.unwrap_or("Cancelled by user");
        self.edit(task_id, |task| Command::Cancel { task, reason }).await
    }

    /// Removes a task and all tasks below it, cancelling what has not ended.
    ///
    /// # Errors
    /// `TASK_NOT_FOUND`.
    pub async fn delete_task(&self, task_id: &str) -> Result<()> {
        self.driver.change(|owned, now| {
            let key = find(owned, task_id)?;
            for below in owned.engine.kernel().state().descendants(key) {
                Driver::keep_outcome(owned, below);
            }
            Driver::keep_outcome(owned, key);
            owned.engine.handle(now, Command::Delete(key)).map(|_| ())
        })?;
        self.flush().await
    }

    /// Gives a task another name.
    ///
    /// # Errors
    /// `TASK_NOT_FOUND`, `INVALID_ARGUMENT` or `LIMIT_EXCEEDED`.
    pub async fn rename_task(&self, task_id: &str, name: &str) -> Result<OrchestratedTask> {
        self.edit(task_id, |task| Command::Rename { task, name }).await
    }

    /// Gives a task to another provider; not while an attempt is open.
    ///
    /// # Errors
    /// `TASK_NOT_FOUND`, `PROVIDER_NOT_FOUND` or `ILLEGAL_TRANSITION`.
    pub async fn reassign_task(&self, task_id: &str, provider: &str) -> Result<OrchestratedTask> {
        self.edit(task_id, |task| Command::Reassign { task, provider })
            .await
    }

    /// Sets what the user thinks of a task.
    ///
    /// # Errors
    /// `TASK_NOT_FOUND`.
    pub async fn set_user_status(&self, task_id: &str, status: TaskUserStatus) -> Result<OrchestratedTask> {
        self.edit(task_id, |task| Command::Mark { task, status }).await
    }

    /// Appends the non-blank lines of a text to a task's output.
    ///
    /// # Errors
    /// `TASK_NOT_FOUND` or `LIMIT_EXCEEDED`.
    pub async fn append_output(&self, task_id: &str, text: &str) -> Result<()> {
        self.told(task_id, |task| Command::Output {
            task,
            by: Reporter::Owner,
            text,
        })
        .map(|_| ())
    }

    /// Sets a task's progress: rounded, and clamped to 0..=100.
    ///
    /// # Errors
    /// `TASK_NOT_FOUND`, `INVALID_ARGUMENT`, or `ILLEGAL_TRANSITION` once it has ended.
    pub async fn update_progress(&self, task_id: &str, percent: f64) -> Result<()> {
        self.told(task_id, |task| Command::Progress {
            task,
            by: Reporter::Owner,
            percent,
        })
        .map(|_| ())
    }

    /// Adds a step to a task's plan.
    ///
    /// # Errors
    /// `TASK_NOT_FOUND`, `INVALID_ARGUMENT` or `LIMIT_EXCEEDED`.
    pub async fn add_step(&self, task_id: &str, description: &str) -> Result<TaskStep> {
        let by = Reporter::Owner;
        let (key, reply) = self.told(task_id, |task| Command::AddStep {
            task,
            by,
            description,
        })?;
        let Reply::Step(index) = reply else {
            return Err(not_found(task_id));
        };
        // Read before it waits: until then the task may be gone, or have begun again without the step.
        let steps = self.driver.read(|owned| steps_of(owned.engine.kernel(), key))?;
        let step = steps.into_iter().nth(index as usize);
        self.flush().await?;
        step.ok_or_else(|| not_found(task_id))
    }

    /// Moves a step; the task's progress follows the share of completed steps.
    ///
    /// # Errors
    /// `TASK_NOT_FOUND`, `STEP_NOT_FOUND` or `LIMIT_EXCEEDED`.
    pub async fn update_step(
        &self,
        task_id: &str,
        step: &str,
        status: TaskStatus,
        output: Option<&str>,
    ) -> Result<()> {
        let by = Reporter::Owner;
        self.told(task_id, |task| Command::UpdateStep {
            task,
            by,
            step,
            status,
            output,
        })
        .map(|_| ())
    }

    /// A task as it is now.
    ///
    /// # Errors
    /// `DISPOSED` or `POISONED`, as all methods.
    pub fn get_task(&self, task_id: &str) -> Result<Option<OrchestratedTask>> {
        self.driver.read(|owned| {
            let kernel = owned.engine.kernel();
            kernel
                .find_task(task_id)
                .and_then(|key| OrchestratedTask::of(kernel, key))
        })
    }

    /// Tasks that meet all conditions, a page at a time.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for a limit, text or cursor that makes no sense.
    pub fn list_tasks(&self, query: &ListQuery) -> Result<TaskPage> {
        self.driver.read(|owned| {
            let kernel = owned.engine.kernel();
            TaskPage::of(kernel, query)
        })?
    }

    /// Tasks that a text means, best first: an id or its beginning, else words of name, tags or description.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for a blank text.
    pub fn search_tasks(&self, text: &str, limit: usize) -> Result<Vec<OrchestratedTask>> {
        let query = ListQuery {
            text: Some(text.to_owned()),
            limit: Some(limit),
            ..ListQuery::default()
        };
        self.list_tasks(&query).map(|page| page.tasks)
    }

    /// How many tasks have this status.
    ///
    /// # Errors
    /// `DISPOSED` or `POISONED`, as all methods.
    pub fn count_tasks(&self, status: TaskStatus) -> Result<usize> {
        self.driver.read(|owned| owned.engine.kernel().count(status))
    }

    /// The task that a user is at.
    ///
    /// # Errors
    /// `DISPOSED` or `POISONED`, as all methods.
    pub fn current_task(&self) -> Result<Option<OrchestratedTask>> {
        self.driver.read(|owned| {
            let kernel = owned.engine.kernel();
            kernel.current().and_then(|key| OrchestratedTask::of(kernel, key))
        })
    }

    /// Makes the task with this id, or the one that a search text means, the current one; none for `None`.
    ///
    /// # Errors
    /// `TASK_NOT_FOUND`, or `TASK_AMBIGUOUS` with the candidates.
    pub async fn switch_task(&self, id_or_text: Option<&str>) -> Result<Option<OrchestratedTask>> {
        self.driver.change(|owned, now| {
            let key = id_or_text
                .map(|text| query::resolve(owned.engine.kernel(), text))
                .transpose()?;
            owned.engine.handle(now, Command::Select(key)).map(|_| ())
        })?;
        self.flush().await?;
        self.current_task()
    }

    /// The task that a scope is at: a room, a user, whatever the host names so.
    ///
    /// # Errors
    /// `DISPOSED` or `POISONED`, as all methods.
    pub fn current_task_in(&self, scope: &str) -> Result<Option<OrchestratedTask>> {
        self.driver.read(|owned| {
            let kernel = owned.engine.kernel();
            kernel
                .current_in(scope)
                .and_then(|key| OrchestratedTask::of(kernel, key))
        })
    }

    /// The same as [`switch_task`](Self::switch_task) for a scope: it has a current task of its own, which is kept in the
    /// journal and forgotten when the task is deleted. No task becomes one by being created.
    ///
    /// # Errors
    /// `TASK_NOT_FOUND`, `TASK_AMBIGUOUS` with the candidates, `INVALID_ARGUMENT` for a blank scope, or `LIMIT_EXCEEDED`.
    pub async fn switch_task_in(
        &self,
        scope: &str,
        id_or_text: Option<&str>,
    ) -> Result<Option<OrchestratedTask>> {
        self.driver.change(|owned, now| {
            let task = id_or_text
                .map(|text| query::resolve(owned.engine.kernel(), text))
                .transpose()?;
            let command = Command::SelectIn { scope, task };
            owned.engine.handle(now, command).map(|_| ())
        })?;
        self.flush().await?;
        self.current_task_in(scope)
    }

    /// The current task (or else the newest) as text for a model's prompt.
    ///
    /// # Errors
    /// `DISPOSED` or `POISONED`, as all methods.
    pub fn task_context(&self) -> Result<String> {
        self.driver
            .read(|owned| task_context(owned.engine.kernel(), None))
    }

    /// A task as text for a model's prompt.
    ///
    /// # Errors
    /// `TASK_NOT_FOUND`.
    pub fn task_context_of(&self, task_id: &str) -> Result<String> {
        self.driver.read(|owned| {
            let kernel = owned.engine.kernel();
            let key = kernel.find_task(task_id).ok_or_else(|| not_found(task_id))?;
            Ok(task_context(kernel, Some(key)))
        })?
    }

    /// Makes a provider available.
    ///
    /// # Errors
    /// `PROVIDER_EXISTS`, `INVALID_ARGUMENT` or `LIMIT_EXCEEDED`.
    pub fn register_provider(&self, provider: impl AgentProvider) -> Result<()> {
        self.register_shared_provider(Arc::new(provider))
    }

    /// Makes a provider available that is used elsewhere, too.
    ///
    /// # Errors
    /// As [`register_provider`](Self::register_provider).
    pub fn register_shared_provider(&self, provider: Arc<dyn AgentProvider>) -> Result<()> {
        // Read once, before anything is locked: this is foreign code.
        let (id, label) = (provider.id().to_owned(), provider.label().to_owned());
        let description = provider.description().map(str::to_owned);
        let max_concurrency = provider.max_concurrency();
        let (label, description) = (Some(&*label), description.as_deref());
        let new = NewProvider {
            id: &id,
            label,
            description,
            max_concurrency,
        };
        self.driver.register(provider, Command::RegisterProvider(new))
    }

    /// Ends a provider's availability. Tasks that it runs go on; those that wait for it keep waiting until one with
    /// the same id is registered.
    ///
    /// # Errors
    /// `PROVIDER_NOT_FOUND`.
    pub fn unregister_provider(&self, id: &str) -> Result<()> {
        self.driver.unregister(|kernel| {
            kernel.find_provider(id).ok_or_else(|| {
                let message = format!("there is no provider {}", limits::quoted(id));
                OrchestratorError::new(ErrorCode::ProviderNotFound, message)
            })
        })
    }

    /// The providers that can be used now.
    ///
    /// # Errors
    /// `DISPOSED` or `POISONED`, as all methods.
    pub fn providers(&self) -> Result<Vec<ProviderInfo>> {
        self.driver.read(|owned| {
            let registered = owned
                .engine
                .kernel()
                .providers()
                .filter(|(_, provider)| provider.is_registered());
            registered
                .map(|(_, provider)| ProviderInfo {
                    id: provider.id().to_owned(),
                    label: provider.label().to_owned(),
                    description: provider.description().map(str::to_owned),
                })
                .collect()
        })
    }

    /// Events as a stream: from now on, or from any position that is still kept.
    ///
    /// # Errors
    /// `DISPOSED` or `POISONED`, as all methods.
    pub fn events(&self, filter: EventFilter) -> Result<EventStream> {
        self.driver.events(filter)
    }

    /// Calls a function with each event, in order, until the subscription is dropped. A listener that panics loses
    /// that event and harms nobody.
    ///
    /// # Errors
    /// `DISPOSED` or `POISONED`, as all methods.
    pub fn subscribe(
        &self,
        filter: EventFilter,
        listener: impl Fn(&OrchestratorEvent) + MaybeSend + MaybeSync + 'static,
    ) -> Result<Subscription> {
        let mut events = self.events(filter)?.fuse();
        let (end, ended) = futures::channel::oneshot::channel::<()>();
        let mut ended = ended.fuse();
        self.driver.runtime().spawn(Box::pin(async move {
            loop {
                let event = futures::select_biased! {
                    _ = ended => return,
                    event = events.next() => event,
                };
                let Some(event) = event else { return };
                let call = std::panic::AssertUnwindSafe(|| listener(&event));
                // The panic hook has told of it.
                let _ = std::panic::catch_unwind(call);
            }
        }));
        Ok(Subscription { _end: end })
    }

    /// A hash over every event since the first. Equal runs have equal hashes, on every host.
    ///
    /// # Errors
    /// `DISPOSED` or `POISONED`, as all methods.
    pub fn journal_hash(&self) -> Result<String> {
        self.driver.read(|owned| owned.engine.journal_hash())
    }

    /// A hash over the whole state.
    ///
    /// # Errors
    /// `DISPOSED` or `POISONED`, as all methods.
    pub fn state_hash(&self) -> Result<String> {
        self.driver.read(|owned| owned.engine.state_hash())
    }

    /// Says how many tasks of a group may run at once; any number when absent. An empty name is that of all tasks
    /// without a group.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for 0, or `LIMIT_EXCEEDED`.
    pub fn limit_group(&self, group: &str, max: Option<u32>) -> Result<()> {
        self.driver
            .command(Command::LimitGroup { group, max })
            .map(|_| ())
    }

    /// Waits until everything that has happened so far is durable; at once without a journal.
    ///
    /// # Errors
    /// The journal's, once it has failed.
    pub async fn flush(&self) -> Result<()> {
        self.driver.flush().await
    }

    /// Ends everything: providers are told, runs that are waited for give `DISPOSED`, streams end. Ready when the
    /// journal is closed. More calls do no harm.
    pub async fn dispose(&self) {
        self.driver.dispose();
        self.driver.closed().await;
    }

    /// The owner of all.
    pub(crate) const fn driver(&self) -> &Driver {
        &self.driver
    }

    /// Looks at the engine, for the simulation and the faces.
    pub(crate) fn inspect<T>(&self, look: impl FnOnce(&Engine) -> T) -> Result<T> {
        self.driver.read(|owned| look(&owned.engine))
    }

    /// Carries out a command as a provider would, for the simulation.
    pub(crate) fn command(&self, command: Command<'_>) -> Result<Reply> {
        self.driver.command(command)
    }

    /// Everything that is still kept, as frames.
    pub(super) async fn history(&self) -> Result<Vec<Vec<u8>>> {
        match self.driver.journal() {
            Some(_) => self.stored(true).await,
            None => self.driver.read(|owned| owned.engine.frames_in_memory())?,
        }
    }

    /// What the journal holds; without one, the state as if it were a journal's snapshot.
    pub(super) async fn stored(&self, history: bool) -> Result<Vec<Vec<u8>>> {
        self.flush().await?;
        match self.driver.journal() {
            Some(journal) => journal.load(history).await.map(|stored| stored.frames),
            None => {
                let salt = self.random();
                self.driver
                    .read(|owned| owned.engine.fork(salt))?
                    .map(|frame| vec![frame])
            }
        }
    }

    /// What is to be verified.
    pub(super) fn described(&self) -> Result<Verification> {
        self.driver.read(|owned| Verification {
            seq: owned.engine.kernel().seq(),
            events: 0,
            state_hash: owned.engine.state_hash(),
            journal_hash: owned.engine.journal_hash(),
        })
    }

    pub(super) fn compact_soon(&self) -> Result<()> {
        self.driver.change(|owned, _| {
            owned.engine.snapshot_soon();
            Ok(())
        })
    }

    pub(super) fn random(&self) -> u64 {
        self.driver.runtime().random()
    }

    pub(super) fn runtime(&self) -> Arc<dyn Runtime> {
        self.driver.runtime().clone()
    }

    fn create(&self, tasks: &[CreateTask]) -> Result<TaskKey> {
        let directory = (self.settings.directory)();
        let provider = self.settings.default_provider.as_deref();
        let prepared = tasks.iter().map(Prepared::new).collect::<Result<Vec<_>>>()?;
        let tasks: Vec<_> = prepared
            .iter()
            .map(|task| task.borrow(provider, &directory))
            .collect();
        made(self.driver.command(Command::Create(&tasks))?)
    }

    /// In one command, so that a start that is refused leaves no task.
    fn create_and_start(&self, mut task: CreateTask) -> Result<TaskRun> {
        task.start = Start::Now;
        let directory = (self.settings.directory)();
        let prepared = Prepared::new(&task)?;
        let new = prepared.borrow(self.settings.default_provider.as_deref(), &directory);
        let weak = self.driver.downgrade();
        self.driver.change(|owned, now| {
            let from = owned.engine.log().end().seq;
            let reply = owned.engine.handle(now, Command::Create(&[new]))?;
            let key = made(reply)?;
            if matches!(reply, Reply::Existing { .. }) {
                // Refused if it has ended, as any start.
                let _ = owned.engine.handle(now, Command::Start(key))?;
            }
            let task_id = owned.engine.kernel().task_id(key);
            let waiting = Driver::wait(owned, key);
            Ok(TaskRun::new(task_id, waiting, from, weak))
        })
    }

    fn run(
        &self,
        find: impl FnOnce(&mut Owned) -> Result<TaskKey>,
        command: impl FnOnce(TaskKey) -> Command<'static>,
    ) -> Result<TaskRun> {
        let weak = self.driver.downgrade();
        self.driver.change(|owned, now| {
            let key = find(owned)?;
            let task_id = owned.engine.kernel().task_id(key);
            let from = owned.engine.log().end().seq;
            Driver::keep_outcome(owned, key);
            let _ = owned.engine.handle(now, command(key))?;
            let waiting = Driver::wait(owned, key);
            Ok(TaskRun::new(task_id, waiting, from, weak))
        })
    }

    fn told<'c>(
        &self,
        task_id: &str,
        command: impl FnOnce(TaskKey) -> Command<'c>,
    ) -> Result<(TaskKey, Reply)> {
        self.driver.change(|owned, now| {
            let key = find(owned, task_id)?;
            owned.engine.handle(now, command(key)).map(|reply| (key, reply))
        })
    }

    async fn edit<'c>(
        &self,
        task_id: &str,
        command: impl FnOnce(TaskKey) -> Command<'c>,
    ) -> Result<OrchestratedTask> {
        let (key, _) = self.told(task_id, command)?;
        self.flush().await?;
        self.snapshot(key)
    }

    fn snapshot(&self, key: TaskKey) -> Result<OrchestratedTask> {
        self.driver.read(|owned| {
            let kernel = owned.engine.kernel();
            OrchestratedTask::of(kernel, key).ok_or_else(|| not_found(&kernel.task_id(key)))
        })?
    }
}

/// The first of the tasks that were created.
fn made(reply: Reply) -> Result<TaskKey> {
    match reply {
        Reply::Created { first, .. } | Reply::Existing { first, .. } => Ok(first),
        // The kernel answers this command with nothing else.
        _ => Err(OrchestratorError::new(
            ErrorCode::InvalidArgument,
            "nothing was created",
        )),
    }
}

fn find(owned: &mut Owned, task_id: &str) -> Result<TaskKey> {
    owned
        .engine
        .kernel()
        .find_task(task_id)
        .ok_or_else(|| not_found(task_id))
}

impl fmt::Debug for AgentOrchestrator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentOrchestrator").finish_non_exhaustive()
    }
}
