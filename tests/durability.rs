//! Nothing that was acknowledged is lost, and nothing runs before it is kept: on a simulated host, with journals that
//! wait, fail and are opened again.

#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at what must not happen"
)]

mod rust {
    pub(crate) mod scripted;
}

use std::sync::{Arc, Mutex};
use std::time::Duration;

use agent_orchestrator::runtime::SimulatedRuntime;
use agent_orchestrator::{
    AgentOrchestrator, AgentOrchestratorBuilder, CreateTask, ErrorCode, EventFilter, Journal, MemoryJournal,
    OnInterrupt, OrchestratorError, Result, RetryPolicy, Seq, Stored, TaskResult, TaskStatus, TaskWait,
    async_trait,
};
use futures::channel::oneshot;
use futures::{FutureExt, StreamExt};
use rust::scripted::{Order, Stage};

const START: u64 = 1_763_000_000_000;

/// A journal whose appends wait until the test lets them through, or fail.
#[derive(Clone, Default)]
struct Gate {
    inner: MemoryJournal,
    state: Arc<Mutex<GateState>>,
}

#[derive(Default)]
struct GateState {
    shut: bool,
    failing: Option<ErrorCode>,
    waiting: Vec<oneshot::Sender<()>>,
    appends: usize,
}

impl Gate {
    fn shut(&self) {
        self.state.lock().unwrap().shut = true;
    }

    fn open(&self) {
        let mut state = self.state.lock().unwrap();
        state.shut = false;
        for waiting in state.waiting.drain(..) {
            let _ = waiting.send(());
        }
    }

    fn fail(&self, code: ErrorCode) {
        self.state.lock().unwrap().failing = Some(code);
    }

    fn appends(&self) -> usize {
        self.state.lock().unwrap().appends
    }

    async fn pass(&self) -> Result<()> {
        let waiting = {
            let mut state = self.state.lock().unwrap();
            state.appends += 1;
            state.shut.then(|| {
                let (sender, receiver) = oneshot::channel();
                state.waiting.push(sender);
                receiver
            })
        };
        if let Some(waiting) = waiting {
            let _ = waiting.await;
        }
        match self.state.lock().unwrap().failing {
            Some(code) => Err(OrchestratorError::new(code, "no room on the device")),
            None => Ok(()),
        }
    }
}

#[async_trait]
impl Journal for Gate {
    async fn load(&self, history: bool) -> Result<Stored> {
        self.inner.load(history).await
    }

    async fn append(&self, expected: Seq, frame: Vec<u8>) -> Result<()> {
        self.pass().await?;
        self.inner.append(expected, frame).await
    }

    async fn snapshot(&self, position: Seq, frame: Vec<u8>) -> Result<()> {
        self.inner.snapshot(position, frame).await
    }

    async fn truncate_before(&self, position: Seq) -> Result<()> {
        self.inner.truncate_before(position).await
    }

    async fn close(&self) -> Result<()> {
        self.inner.close().await
    }
}

struct Host {
    runtime: SimulatedRuntime,
    stage: Stage,
    orchestrator: AgentOrchestrator,
}

impl Host {
    fn open(
        runtime: &SimulatedRuntime,
        journal: impl Journal,
        more: impl FnOnce(AgentOrchestratorBuilder) -> AgentOrchestratorBuilder,
    ) -> Self {
        let stage = Stage::default();
        let builder = AgentOrchestrator::builder()
            .runtime(runtime.clone())
            .journal(journal)
            .provider(stage.provider("worker"));
        let orchestrator = runtime.block_on(more(builder).build()).unwrap().unwrap();
        Self {
            runtime: runtime.clone(),
            stage,
            orchestrator,
        }
    }

    fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        let value = self.runtime.block_on(future).expect("it must not wait for ever");
        self.runtime.run_until_idle();
        value
    }

    fn status(&self, id: &str) -> (TaskStatus, u32, Option<TaskWait>) {
        let task = self.orchestrator.get_task(id).unwrap().unwrap();
        (task.status, task.attempt, task.waiting_for)
    }
}

fn runtime() -> SimulatedRuntime {
    SimulatedRuntime::new(START, 7)
}

fn task(id: &str) -> CreateTask {
    CreateTask {
        id: Some(id.to_owned()),
        ..CreateTask::new(id)
    }
}

#[test]
fn no_effect_and_no_acknowledgement_before_the_append() {
    let (runtime, gate) = (runtime(), Gate::default());
    let host = Host::open(&runtime, gate.clone(), |builder| builder);
    gate.shut();
    let mut run = Box::pin(host.orchestrator.run_task(task("a")));
    assert!(run.as_mut().now_or_never().is_none());
    runtime.run_until_idle();
    // State is read at once; the provider is not called, and nobody is told.
    assert_eq!(host.status("a"), (TaskStatus::Running, 1, None));
    assert!(!host.stage.was_called("a", 1));
    let mut events = host.orchestrator.events(EventFilter::all()).unwrap();
    assert!(events.next().now_or_never().is_none());
    assert!(run.as_mut().now_or_never().is_none());
    gate.open();
    runtime.run_until_idle();
    assert!(host.stage.was_called("a", 1));
    assert_eq!(
        events.next().now_or_never().unwrap().unwrap().kind.type_name(),
        "task:created"
    );
    let run = host.wait(run).unwrap();
    drop(host.stage.order("a", 1, Order::End(TaskResult::success("done"))));
    assert_eq!(host.wait(run).unwrap().summary, "done");
}

#[test]
fn everything_that_happens_during_an_append_goes_into_the_next_one() {
    let (runtime, gate) = (runtime(), Gate::default());
    let host = Host::open(&runtime, gate.clone(), |builder| builder);
    let before = gate.appends();
    gate.shut();
    let all: Vec<_> = (0..100)
        .map(|n| {
            Box::pin(
                host.orchestrator
                    .create_task(CreateTask::new(format!("task {n}"))),
            )
        })
        .collect();
    let mut all = Box::pin(futures::future::join_all(all));
    assert!(all.as_mut().now_or_never().is_none());
    gate.open();
    assert!(host.wait(all).iter().all(Result::is_ok));
    assert_eq!(gate.appends() - before, 2);
}

#[test]
fn what_was_acknowledged_is_there_after_a_crash_and_what_ran_is_interrupted() {
    let (runtime, journal) = (runtime(), MemoryJournal::new());
    let host = Host::open(&runtime, journal.clone(), |builder| builder.max_concurrency(4));
    let plans = [
        ("pause", OnInterrupt::Pause),
        ("retry", OnInterrupt::Retry),
        ("fail", OnInterrupt::Fail),
    ];
    for (id, then) in plans {
        drop(
            host.wait(host.orchestrator.run_task(task(id).on_interrupt(then)))
                .unwrap(),
        );
    }
    let done = host.wait(host.orchestrator.run_task(task("done"))).unwrap();
    drop(host.stage.order("done", 1, Order::Output("said".into())));
    drop(
        host.stage
            .order("done", 1, Order::End(TaskResult::success("well"))),
    );
    let _ = host.wait(done).unwrap();
    drop(
        host.wait(host.orchestrator.run_task(task("queued").depends_on("pause")))
            .unwrap(),
    );
    let seq = host.orchestrator.state_hash().unwrap();
    // No goodbye: it is just gone.
    drop(host);

    let host = Host::open(&runtime, journal.clone(), |builder| builder);
    runtime.run_until_idle();
    assert_ne!(host.orchestrator.state_hash().unwrap(), seq);
    assert_eq!(host.status("done"), (TaskStatus::Completed, 1, None));
    let done = host.orchestrator.get_task("done").unwrap().unwrap();
    assert_eq!(
        (done.output, done.result.unwrap().summary),
        (vec!["said".to_owned()], "well".to_owned())
    );
    assert_eq!(
        host.status("pause"),
        (TaskStatus::Paused, 2, Some(TaskWait::Interrupted))
    );
    assert_eq!(host.status("retry"), (TaskStatus::Running, 2, None));
    assert_eq!(host.status("fail").0, TaskStatus::Failed);
    assert_eq!(
        host.status("queued"),
        (TaskStatus::Blocked, 1, Some(TaskWait::Dependencies))
    );
    assert!(host.stage.was_called("retry", 2) && !host.stage.was_called("pause", 2));
    let _ = host.wait(host.orchestrator.resume_task("pause")).unwrap();
    assert!(host.stage.was_called("pause", 2));
    drop(
        host.stage
            .order("pause", 2, Order::End(TaskResult::success("ok"))),
    );
    runtime.run_until_idle();
    assert_eq!(host.status("queued"), (TaskStatus::Running, 1, None));

    // Every event is there once, in order, from the first on.
    let events = host.orchestrator.events(EventFilter::all().from_seq(1)).unwrap();
    let seen: Vec<_> = events
        .take_while(|event| std::future::ready(event.kind.type_name() != "task:resumed"))
        .map(|event| event.seq)
        .collect::<Vec<_>>()
        .now_or_never()
        .unwrap();
    assert!(seen.iter().copied().eq(1..=seen.len() as u64), "{seen:?}");
    host.wait(host.orchestrator.dispose());
    let stored = journal.load(false).now_or_never().unwrap().unwrap();
    let frames = stored.frames.iter().map(Vec::as_slice);
    assert!(agent_orchestrator::journal::recover(frames).unwrap().closed());
}

#[test]
fn a_journal_opens_without_providers() {
    let (runtime, journal) = (runtime(), MemoryJournal::new());
    for seq in [1, 2] {
        let builder = AgentOrchestrator::builder()
            .runtime(runtime.clone())
            .journal(journal.clone());
        let orchestrator = runtime.block_on(builder.build()).unwrap().unwrap();
        let events = orchestrator.events(EventFilter::all().from_seq(seq)).unwrap();
        assert_eq!(events.into_future().now_or_never().unwrap().0.unwrap().seq, seq);
    }
}

#[test]
fn a_failed_append_stops_everything_but_reading() {
    let (runtime, gate) = (runtime(), Gate::default());
    let host = Host::open(&runtime, gate.clone(), |builder| builder);
    let run = host.wait(host.orchestrator.run_task(task("a"))).unwrap();
    let mut events = host.orchestrator.events(EventFilter::all()).unwrap();
    gate.fail(ErrorCode::JournalFull);
    let refused = host.wait(host.orchestrator.create_task(task("b"))).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::JournalFull);
    assert!(refused.message().contains("no room on the device"), "{refused}");
    for _ in 0..2 {
        let refused = host.wait(host.orchestrator.create_task(task("c"))).unwrap_err();
        assert_eq!(refused.code(), ErrorCode::JournalFull);
    }
    assert_eq!(host.wait(run).unwrap_err().code(), ErrorCode::JournalFull);
    assert_eq!(
        events.next().now_or_never().unwrap().unwrap().kind.type_name(),
        "journal:failed"
    );
    assert!(events.next().now_or_never().is_none());
    assert_eq!(host.status("a").0, TaskStatus::Running);
    host.wait(host.orchestrator.dispose());
    // What was never acknowledged is not there.
    let host = Host::open(&runtime, gate.inner.clone(), |builder| builder);
    assert_eq!(
        host.status("a"),
        (TaskStatus::Paused, 2, Some(TaskWait::Interrupted))
    );
    assert!(host.orchestrator.get_task("b").unwrap().is_none());
}

#[test]
fn two_owners_of_one_journal_never_both_win() {
    let (runtime, journal) = (runtime(), MemoryJournal::new());
    let first = Host::open(&runtime, journal.clone(), |builder| builder);
    let second = Host::open(&runtime, journal, |builder| builder);
    let refused = first.wait(first.orchestrator.create_task(task("a"))).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Conflict);
    let _ = second.wait(second.orchestrator.create_task(task("a"))).unwrap();
}

#[test]
fn snapshots_keep_the_journal_short_and_change_nothing() {
    let (runtime, journal) = (runtime(), MemoryJournal::new());
    let host = Host::open(&runtime, journal.clone(), |builder| {
        builder.snapshot_bytes(4000).event_log_bytes(1)
    });
    for n in 0..200 {
        let run = host
            .wait(host.orchestrator.run_task(task(&format!("t{n}"))))
            .unwrap();
        drop(
            host.stage
                .order(&format!("t{n}"), 1, Order::End(TaskResult::success("done"))),
        );
        let _ = host.wait(run).unwrap();
    }
    let hashes = (
        host.orchestrator.state_hash().unwrap(),
        host.orchestrator.journal_hash().unwrap(),
    );
    let stored = journal.load(true).now_or_never().unwrap().unwrap();
    let frames = stored.frames.iter().map(Vec::as_slice);
    let found = agent_orchestrator::journal::recover(frames).unwrap();
    // A snapshot is taken when as much was written since the last one as that had.
    assert!(found.first() > 200, "{}", found.first());
    drop(host);
    let host = Host::open(&runtime, journal, |builder| builder);
    assert_eq!(host.orchestrator.count_tasks(TaskStatus::Completed).unwrap(), 200);
    assert_ne!(
        (
            host.orchestrator.state_hash().unwrap(),
            host.orchestrator.journal_hash().unwrap()
        ),
        hashes
    );
}

#[test]
fn time_outs_and_retries_happen_by_themselves() {
    let runtime = runtime();
    let host = Host::open(&runtime, MemoryJournal::new(), |builder| builder);
    let mut slow = task("slow").retry(RetryPolicy {
        jitter: 0.0,
        ..RetryPolicy::attempts(2)
    });
    slow.timeout.attempt = Some(5000);
    let run = host.wait(host.orchestrator.run_task(slow)).unwrap();
    runtime.advance(Duration::from_millis(4999));
    assert_eq!(host.status("slow"), (TaskStatus::Running, 1, None));
    runtime.advance(Duration::from_millis(1));
    assert_eq!(
        host.status("slow"),
        (TaskStatus::Pending, 2, Some(TaskWait::Retry))
    );
    // The clock is set back by an hour: nothing waits an hour longer.
    runtime.jump_clock(-3_600_000);
    runtime.advance(Duration::from_millis(999));
    assert_eq!(host.status("slow").0, TaskStatus::Pending);
    runtime.advance(Duration::from_millis(1));
    assert_eq!(host.status("slow"), (TaskStatus::Running, 2, None));
    assert!(host.stage.was_called("slow", 2));
    runtime.advance(Duration::from_secs(5));
    let outcome = host.wait(run).unwrap();
    assert_eq!((outcome.status, outcome.attempt), (TaskStatus::Failed, 2));
    assert_eq!(outcome.error.unwrap(), "the attempt took longer than 5000 ms");
}

#[test]
fn a_start_far_away_is_kept_and_runs_at_its_time() {
    let (runtime, journal) = (runtime(), MemoryJournal::new());
    let host = Host::open(&runtime, journal.clone(), |builder| builder);
    let days = 40 * 24 * 3600 * 1000;
    let later = CreateTask {
        start_at: Some(START + days),
        ..task("later").start_now()
    };
    let _ = host.wait(host.orchestrator.create_task(later)).unwrap();
    assert_eq!(
        host.status("later"),
        (TaskStatus::Pending, 1, Some(TaskWait::Time))
    );
    runtime.advance(Duration::from_millis(days / 2));
    drop(host);
    let host = Host::open(&runtime, journal, |builder| builder);
    runtime.advance(Duration::from_millis(days / 2 - 1));
    assert_eq!(host.status("later").0, TaskStatus::Pending);
    runtime.advance(Duration::from_millis(60_001));
    assert_eq!(host.status("later"), (TaskStatus::Running, 1, None));
}

#[test]
fn a_run_that_is_begun_again_before_its_end_is_kept_still_tells_how_it_ended() {
    let (runtime, gate) = (runtime(), Gate::default());
    let host = Host::open(&runtime, gate.clone(), |builder| builder);
    let first = host.wait(host.orchestrator.run_task(task("a"))).unwrap();
    gate.shut();
    drop(
        host.stage
            .order("a", 1, Order::End(TaskResult::success("the first"))),
    );
    runtime.run_until_idle();
    assert_eq!(host.status("a").0, TaskStatus::Completed);
    let mut second = Box::pin(host.orchestrator.restart_task("a"));
    assert!(second.as_mut().now_or_never().is_none());
    gate.open();
    let first = host.wait(first).unwrap();
    assert_eq!((first.summary.as_str(), first.attempt), ("the first", 1));
    let second = host.wait(second).unwrap();
    drop(
        host.stage
            .order("a", 2, Order::End(TaskResult::success("the second"))),
    );
    let second = host.wait(second).unwrap();
    assert_eq!((second.summary.as_str(), second.attempt), ("the second", 2));
}

#[test]
fn a_provider_that_is_unregistered_before_its_start_is_kept_is_called_all_the_same() {
    let (runtime, gate) = (runtime(), Gate::default());
    let host = Host::open(&runtime, gate.clone(), |builder| builder);
    gate.shut();
    let mut run = Box::pin(host.orchestrator.run_task(task("a")));
    assert!(run.as_mut().now_or_never().is_none());
    host.orchestrator.unregister_provider("worker").unwrap();
    gate.open();
    let run = host.wait(run).unwrap();
    assert!(host.stage.was_called("a", 1));
    drop(host.stage.order("a", 1, Order::End(TaskResult::success("done"))));
    assert!(host.wait(run).unwrap().success);
}

#[test]
fn a_task_whose_start_is_refused_is_not_created() {
    let runtime = runtime();
    let host = Host::open(&runtime, MemoryJournal::new(), |builder| builder.max_queued(0));
    let _ = host.wait(host.orchestrator.create_task(task("before"))).unwrap();
    let state = host.orchestrator.state_hash().unwrap();
    let waits = host.orchestrator.run_task(task("a").depends_on("before"));
    assert_eq!(host.wait(waits).unwrap_err().code(), ErrorCode::QueueFull);
    assert_eq!(host.orchestrator.state_hash().unwrap(), state);
    assert!(host.orchestrator.get_task("a").unwrap().is_none());
}

#[test]
fn who_asks_how_a_task_ended_is_told_once_that_is_kept() {
    let (runtime, gate) = (runtime(), Gate::default());
    let host = Host::open(&runtime, gate.clone(), |builder| builder);
    drop(host.wait(host.orchestrator.run_task(task("a"))).unwrap());
    gate.shut();
    drop(host.stage.order("a", 1, Order::End(TaskResult::success("done"))));
    runtime.run_until_idle();
    assert_eq!(host.status("a").0, TaskStatus::Completed);
    let mut asked = Box::pin(host.orchestrator.wait_for_task("a"));
    assert!(asked.as_mut().now_or_never().is_none());
    gate.open();
    assert_eq!(host.wait(asked).unwrap().summary, "done");
}

#[test]
fn nobody_waits_for_the_end_of_a_task_when_the_journal_has_failed() {
    let (runtime, gate) = (runtime(), Gate::default());
    let host = Host::open(&runtime, gate.clone(), |builder| builder);
    host.wait(host.orchestrator.create_task(task("a"))).unwrap();
    gate.fail(ErrorCode::JournalFull);
    host.wait(host.orchestrator.create_task(task("b"))).unwrap_err();
    let ended = host.orchestrator.wait_for_task("a").now_or_never();
    let refused = ended.expect("it will never end").unwrap_err();
    assert_eq!(refused.code(), ErrorCode::JournalFull);
}

#[test]
fn a_run_is_not_told_the_end_of_the_one_before_it() {
    let (runtime, gate) = (runtime(), Gate::default());
    let host = Host::open(&runtime, gate.clone(), |builder| builder);
    // Nobody waits for the first run.
    drop(host.wait(host.orchestrator.run_task(task("a"))).unwrap());
    gate.shut();
    drop(
        host.stage
            .order("a", 1, Order::End(TaskResult::success("the first"))),
    );
    runtime.run_until_idle();
    let mut second = Box::pin(host.orchestrator.restart_task("a"));
    assert!(second.as_mut().now_or_never().is_none());
    gate.open();
    let second = host.wait(second).unwrap();
    drop(
        host.stage
            .order("a", 2, Order::End(TaskResult::success("the second"))),
    );
    assert_eq!(host.wait(second).unwrap().summary, "the second");
}

#[test]
fn a_task_that_is_deleted_before_its_end_is_kept_still_tells_how_it_ended() {
    let (runtime, gate) = (runtime(), Gate::default());
    let host = Host::open(&runtime, gate.clone(), |builder| builder);
    let run = host.wait(host.orchestrator.run_task(task("a"))).unwrap();
    gate.shut();
    drop(host.stage.order("a", 1, Order::End(TaskResult::success("done"))));
    runtime.run_until_idle();
    let mut deleted = Box::pin(host.orchestrator.delete_task("a"));
    assert!(deleted.as_mut().now_or_never().is_none());
    gate.open();
    assert_eq!(host.wait(run).unwrap().summary, "done");
}

#[test]
fn a_step_is_told_even_if_the_task_is_gone_when_it_is_kept() {
    let (runtime, gate) = (runtime(), Gate::default());
    let host = Host::open(&runtime, gate.clone(), |builder| builder);
    let _ = host.wait(host.orchestrator.create_task(task("a"))).unwrap();
    gate.shut();
    let mut step = Box::pin(host.orchestrator.add_step("a", "look"));
    assert!(step.as_mut().now_or_never().is_none());
    let mut deleted = Box::pin(host.orchestrator.delete_task("a"));
    assert!(deleted.as_mut().now_or_never().is_none());
    gate.open();
    assert_eq!(host.wait(step).unwrap().description, "look");
}

#[test]
fn a_crash_never_parts_the_tasks_of_one_call() {
    let (runtime, gate) = (runtime(), Gate::default());
    let host = Host::open(&runtime, gate.clone(), |builder| builder.snapshot_bytes(0));
    gate.shut();
    let text = "x".repeat(100_000);
    // Far more than goes into one frame by itself, and then some small ones.
    let many: Vec<CreateTask> = (0..200)
        .map(|n| CreateTask::new(format!("t{n}")).description(&*text))
        .collect();
    let before = gate.appends();
    let mut all = Box::pin(host.orchestrator.create_tasks(&many));
    assert!(all.as_mut().now_or_never().is_none());
    let mut one = Box::pin(host.orchestrator.create_task(task("one")));
    assert!(one.as_mut().now_or_never().is_none());
    gate.open();
    assert_eq!(host.wait(all).unwrap().len(), 200);
    let _ = host.wait(one).unwrap();
    // What was under way, the many together, and the small one.
    assert!(gate.appends() - before <= 3, "{}", gate.appends() - before);
    let stored = gate.inner.load(false).now_or_never().unwrap().unwrap();
    let found = agent_orchestrator::journal::recover(stored.frames.iter().map(Vec::as_slice)).unwrap();
    assert!(found.frames().iter().any(|frame| frame.count >= 200));
    let refused = host
        .wait(
            host.orchestrator
                .create_tasks(&vec![CreateTask::new("t").description(&*text); 400]),
        )
        .unwrap_err();
    assert_eq!(refused.code(), ErrorCode::LimitExceeded);
}

#[test]
fn snapshots_are_taken_by_count_too() {
    let (runtime, journal) = (runtime(), MemoryJournal::new());
    let host = Host::open(&runtime, journal.clone(), |builder| builder.snapshot_events(50));
    for n in 0..49 {
        host.wait(
            host.orchestrator.rename_task(
                &host
                    .wait(host.orchestrator.create_task(CreateTask::new("t")))
                    .unwrap()
                    .id,
                &format!("task {n}"),
            ),
        )
        .unwrap();
    }
    let stored = journal.load(false).now_or_never().unwrap().unwrap();
    let found = agent_orchestrator::journal::recover(stored.frames.iter().map(Vec::as_slice)).unwrap();
    let at = found.snapshot().unwrap().position;
    assert!(
        at >= 50 && found.position() - at < 50,
        "{at} of {}",
        found.position()
    );
}
