//! A provider whose tasks say in their description what it is to do.

#![allow(dead_code, reason = "not every test uses all of it")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::Poll;

use agent_orchestrator::{
    AgentProvider, OrchestratedTask, ProviderTaskExecutionContext, TaskResult, async_trait,
};

/// Lets everything else that can go on go on once.
pub(crate) async fn yield_now() {
    let mut yielded = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// How many are at work.
#[derive(Default)]
pub(crate) struct Log {
    running: AtomicUsize,
    most: AtomicUsize,
    ended: AtomicUsize,
}

impl Log {
    pub(crate) fn most_at_once(&self) -> usize {
        self.most.load(SeqCst)
    }

    pub(crate) fn ended(&self) -> usize {
        self.ended.load(SeqCst)
    }
}

pub(crate) struct Worker(pub(crate) Arc<Log>);

#[cfg_attr(not(target_family = "wasm"), async_trait)]
#[cfg_attr(target_family = "wasm", async_trait(?Send))]
impl AgentProvider for Worker {
    fn id(&self) -> &str {
        "worker"
    }

    async fn execute_task(&self, task: &OrchestratedTask, ctx: &ProviderTaskExecutionContext) -> TaskResult {
        let running = self.0.running.fetch_add(1, SeqCst) + 1;
        self.0.most.fetch_max(running, SeqCst);
        let result = work(&task.description, ctx).await;
        self.0.running.fetch_sub(1, SeqCst);
        self.0.ended.fetch_add(1, SeqCst);
        result
    }
}

async fn work(what: &str, ctx: &ProviderTaskExecutionContext) -> TaskResult {
    if let Some(count) = what.strip_prefix("lines ") {
        for n in 0..count.parse::<usize>().unwrap() {
            ctx.append_output(format!("line {n}")).unwrap();
            yield_now().await;
        }
        return TaskResult::success(format!("{count} lines"));
    }
    ctx.append_output("ready").unwrap();
    match what {
        "forever" => std::future::pending().await,
        "until cancelled" => ctx.cancelled().await,
        "hold" => {
            while !ctx.is_paused() {
                yield_now().await;
            }
            ctx.append_output("sees the pause").unwrap();
            ctx.until_resumed().await.unwrap();
            ctx.append_output("goes on").unwrap();
        }
        other => panic!("no such work: {other}"),
    }
    TaskResult::success("done")
}
