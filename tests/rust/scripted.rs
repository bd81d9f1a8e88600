//! A provider that does what the test tells it, one order at a time. Every order is answered.

#![allow(dead_code, reason = "not every test uses all of it")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use agent_orchestrator::{
    AgentOrchestrator, AgentOrchestratorBuilder, AgentProvider, ErrorCode, OrchestratedTask,
    ProviderTaskExecutionContext, Result, TaskResult, TaskStatus, async_trait,
};
use futures::StreamExt;
use futures::channel::{mpsc, oneshot};

/// What an attempt is told to do.
pub(crate) enum Order {
    Output(String),
    Progress(f64),
    AddStep(String),
    UpdateStep(String, TaskStatus, Option<String>),
    UntilResumed,
    IsCancelled,
    IsPaused,
    End(TaskResult),
    Panic(String),
}

/// True when it counted; for a question, the answer.
type Told = Result<bool>;
type Orders = mpsc::UnboundedSender<(Order, oneshot::Sender<Told>)>;

/// The attempts that were called, by task and number.
#[derive(Clone, Default)]
pub(crate) struct Stage {
    attempts: Arc<Mutex<BTreeMap<(String, u32), Orders>>>,
}

/// One provider on a stage.
pub(crate) struct Scripted {
    pub(crate) id: String,
    pub(crate) label: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) max_concurrency: Option<u32>,
    stage: Stage,
}

impl Stage {
    pub(crate) fn provider(&self, id: &str) -> Scripted {
        Scripted {
            id: id.to_owned(),
            label: None,
            description: None,
            max_concurrency: None,
            stage: self.clone(),
        }
    }

    /// Gives an order. The answer is there once the runtime has run; it never comes if the attempt's future is gone.
    pub(crate) fn order(&self, task: &str, attempt: u32, order: Order) -> oneshot::Receiver<Told> {
        let (answer, told) = oneshot::channel();
        if let Some(orders) = self.attempts.lock().unwrap().get(&(task.to_owned(), attempt)) {
            // A dropped future has dropped its end: then the answer is dropped here.
            let _ = orders.unbounded_send((order, answer));
        }
        told
    }

    /// Whether the provider was called for this attempt.
    pub(crate) fn was_called(&self, task: &str, attempt: u32) -> bool {
        self.attempts
            .lock()
            .unwrap()
            .contains_key(&(task.to_owned(), attempt))
    }

    /// Whether the attempt's future still lives.
    pub(crate) fn lives(&self, task: &str, attempt: u32) -> bool {
        let attempts = self.attempts.lock().unwrap();
        attempts
            .get(&(task.to_owned(), attempt))
            .is_some_and(|orders| !orders.is_closed())
    }

    /// How many attempts were ever called.
    pub(crate) fn calls(&self) -> usize {
        self.attempts.lock().unwrap().len()
    }
}

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl AgentProvider for Scripted {
    fn id(&self) -> &str {
        &self.id
    }

    fn label(&self) -> &str {
        self.label.as_deref().unwrap_or(&self.id)
    }

    fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    fn max_concurrency(&self) -> Option<u32> {
        self.max_concurrency
    }

    async fn execute_task(&self, task: &OrchestratedTask, ctx: &ProviderTaskExecutionContext) -> TaskResult {
        let (orders, mut coming) = mpsc::unbounded();
        let before = self
            .stage
            .attempts
            .lock()
            .unwrap()
            .insert((task.id.clone(), ctx.attempt), orders);
        assert!(before.is_none(), "an attempt is called once");
        while let Some((order, answer)) = coming.next().await {
            let told = match order {
                Order::Output(text) => ctx.append_output(text),
                Order::Progress(percent) => ctx.update_progress(percent),
                Order::AddStep(description) => match ctx.add_step(&description) {
                    Err(error) if error.code() == ErrorCode::TaskCancelled => Ok(false),
                    step => step.map(|_| true),
                },
                Order::UpdateStep(step, status, output) => ctx.update_step(&step, status, output.as_deref()),
                Order::UntilResumed => ctx.until_resumed().await.map(|()| true),
                Order::IsCancelled => Ok(ctx.is_cancelled()),
                Order::IsPaused => Ok(ctx.is_paused()),
                Order::Panic(message) => panic!("{message}"),
                Order::End(result) => {
                    drop(answer.send(Ok(true)));
                    return result;
                }
            };
            drop(answer.send(told));
        }
        TaskResult::failure("", "the test has left the stage")
    }
}

/// An orchestrator with one scripted provider, `worker`.
pub(crate) fn on_stage() -> (AgentOrchestratorBuilder, Stage) {
    let stage = Stage::default();
    (
        AgentOrchestrator::builder().provider(stage.provider("worker")),
        stage,
    )
}
