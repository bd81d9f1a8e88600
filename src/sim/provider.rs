//! A provider that does what scripts say, and remembers how it was called.

use std::collections::BTreeMap;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use futures::future::{Either, select};

use super::script::{Act, Script};
use crate::kernel::{ErrorCode, Result};
use crate::orchestrator::{AgentProvider, OrchestratedTask, ProviderTaskExecutionContext, TaskResult};
use crate::runtime::{Runtime, SimulatedRuntime};

/// Chooses the script of an attempt.
#[cfg(not(target_family = "wasm"))]
type Chooser = Box<dyn Fn(&OrchestratedTask, u32) -> Script + Send + Sync>;
/// Chooses the script of an attempt.
#[cfg(target_family = "wasm")]
type Chooser = Box<dyn Fn(&OrchestratedTask, u32) -> Script>;

/// An attempt that a scripted provider was called for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Call {
    /// The task's id.
    pub task_id: String,
    /// The attempt.
    pub attempt: u32,
}

/// What an attempt told the orchestrator, and what came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    Counted,
    Late,
    Refused,
    /// The end of the attempt, which nobody answers.
    End,
}

impl Told {
    const fn of(told: &Result<bool>) -> Self {
        match told {
            Ok(true) => Self::Counted,
            Ok(false) => Self::Late,
            Err(_) => Self::Refused,
        }
    }
}

/// What is known of attempts.
#[derive(Default)]
struct Stage {
    calls: Vec<Call>,
    /// Those whose future lives, and whether it knows that it was called off.
    live: BTreeMap<Call, bool>,
    said: Vec<(Call, Told)>,
    scripts: BTreeMap<String, Script>,
    chooser: Option<Chooser>,
}

/// A provider for tests: what each attempt does is a [`Script`].
///
/// The script is the one for the task's id, or else for its name, or else what [`choose`](Self::choose) was told, or
/// else an immediate success. Clones share their scripts and what they remember.
#[derive(Clone)]
pub struct ScriptedProvider {
    id: String,
    max_concurrency: Option<u32>,
    runtime: SimulatedRuntime,
    stage: Arc<Mutex<Stage>>,
}

impl ScriptedProvider {
    /// A provider with this id, whose time is that of the runtime.
    #[must_use]
    pub fn new(id: impl Into<String>, runtime: &SimulatedRuntime) -> Self {
        Self {
            id: id.into(),
            max_concurrency: None,
            runtime: runtime.clone(),
            stage: Arc::default(),
        }
    }

    /// How many of its tasks may run at once.
    #[must_use]
    pub const fn max_concurrency(mut self, tasks: u32) -> Self {
        self.max_concurrency = Some(tasks);
        self
    }

    /// Another provider, with the same scripts and the same memory.
    #[must_use]
    pub fn under(&self, id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            max_concurrency: None,
            ..self.clone()
        }
    }

    /// The same one, in the time of another runtime.
    pub(super) fn on(&self, runtime: &SimulatedRuntime) -> Self {
        Self {
            runtime: runtime.clone(),
            ..self.clone()
        }
    }

    /// What every attempt of a task does, by the task's id or name.
    #[must_use]
    pub fn script(self, task: impl Into<String>, script: Script) -> Self {
        self.stage().scripts.insert(task.into(), script);
        self
    }

    /// What attempts do that have no script of their own.
    #[cfg(not(target_family = "wasm"))]
    #[must_use]
    pub fn choose(self, script: impl Fn(&OrchestratedTask, u32) -> Script + Send + Sync + 'static) -> Self {
        self.stage().chooser = Some(Box::new(script));
        self
    }

    /// What attempts do that have no script of their own.
    #[cfg(target_family = "wasm")]
    #[must_use]
    pub fn choose(self, script: impl Fn(&OrchestratedTask, u32) -> Script + 'static) -> Self {
        self.stage().chooser = Some(Box::new(script));
        self
    }

    /// All attempts it was called for, in order.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.stage().calls.clone()
    }

    /// The attempts whose futures live, each with whether it was called off.
    #[must_use]
    pub fn live(&self) -> Vec<(Call, bool)> {
        let stage = self.stage();
        stage
            .live
            .iter()
            .map(|(call, cancelled)| (call.clone(), *cancelled))
            .collect()
    }

    /// The calls after so many.
    pub(super) fn calls_after(&self, known: usize) -> Vec<Call> {
        self.stage().calls.get(known..).unwrap_or_default().to_vec()
    }

    /// Takes what attempts have said since the last time.
    pub(super) fn take_said(&self) -> Vec<(Call, Told)> {
        std::mem::take(&mut self.stage().said)
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        // No foreign code runs while it is held, but for the chooser, which leaves nothing half done.
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, task: &OrchestratedTask, call: &Call) -> Script {
        let mut stage = self.stage();
        stage.calls.push(call.clone());
        stage.live.insert(call.clone(), false);
        let script = stage.scripts.get(&task.id).or(stage.scripts.get(&task.name));
        match (script, &stage.chooser) {
            (Some(script), _) => script.clone(),
            (None, Some(chooser)) => chooser(task, call.attempt),
            (None, None) => Script::new(),
        }
    }

    fn say(&self, call: &Call, told: Told) {
        self.stage().said.push((call.clone(), told));
    }

    async fn perform(&self, script: &Script, call: &Call, ctx: &ProviderTaskExecutionContext) -> TaskResult {
        let mut deaf = false;
        for act in script.acts() {
            if !deaf && ctx.is_cancelled() {
                break;
            }
            match act {
                Act::Output(text) => {
                    self.say(call, Told::of(&ctx.append_output(text)));
                }
                Act::Progress(percent) => {
                    self.say(call, Told::of(&ctx.update_progress(*percent)));
                }
                Act::Step(description) => {
                    let told = match ctx.add_step(description) {
                        Err(error) if error.code() == ErrorCode::TaskCancelled => Ok(false),
                        step => step.map(|_| true),
                    };
                    self.say(call, Told::of(&told));
                }
                Act::Wait(time) => {
                    let sleep = self.runtime.sleep(Duration::from_millis(*time));
                    if deaf {
                        sleep.await;
                    } else if let Either::Right(_) = select(sleep, pin!(ctx.cancelled())).await {
                        break;
                    }
                }
                Act::UntilResumed => drop(ctx.until_resumed().await),
                Act::UntilCancelled => ctx.cancelled().await,
                Act::IgnoreCancel => deaf = true,
                Act::Succeed(summary) => return TaskResult::success(summary),
                Act::Fail { error, retryable } => {
                    let result = TaskResult::failure("", error);
                    return if *retryable { result } else { result.no_retry() };
                }
                Act::Panic(message) => {
                    self.say(call, Told::End);
                    // Without the hook, which would print something for each of them.
                    std::panic::resume_unwind(Box::new(message.clone()));
                }
                Act::Never if deaf => std::future::pending().await,
                Act::Never => ctx.cancelled().await,
            }
            step_aside().await;
        }
        TaskResult::success("the script is at its end")
    }
}

/// Lets others go first, once.
async fn step_aside() {
    let mut asked = false;
    poll_fn(|context| {
        if std::mem::replace(&mut asked, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Forgets an attempt whose future ends, however it ends.
struct Live<'a> {
    provider: &'a ScriptedProvider,
    call: &'a Call,
}

impl Drop for Live<'_> {
    fn drop(&mut self) {
        self.provider.stage().live.remove(self.call);
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl AgentProvider for ScriptedProvider {
    fn id(&self) -> &str {
        &self.id
    }

    fn max_concurrency(&self) -> Option<u32> {
        self.max_concurrency
    }

    async fn execute_task(&self, task: &OrchestratedTask, ctx: &ProviderTaskExecutionContext) -> TaskResult {
        let call = Call {
            task_id: task.id.clone(),
            attempt: ctx.attempt,
        };
        let script = self.begin(task, &call);
        let _live = Live {
            provider: self,
            call: &call,
        };
        let mut acts = pin!(self.perform(&script, &call, ctx));
        let result = poll_fn(|context| {
            if ctx.is_cancelled() {
                self.stage().live.insert(call.clone(), true);
            }
            acts.as_mut().poll(context)
        })
        .await;
        self.say(&call, Told::End);
        result
    }
}

impl fmt::Debug for ScriptedProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptedProvider")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
