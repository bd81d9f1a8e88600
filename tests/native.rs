//! On tokio with threads: what foreign code does harms only itself, and handles may be used from anywhere.

#![cfg(all(feature = "native", not(target_family = "wasm")))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at what must not happen"
)]

mod rust {
    pub(crate) mod scripted;
    pub(crate) mod worker;
}

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use agent_orchestrator::runtime::SimulatedRuntime;
use agent_orchestrator::{
    AgentOrchestrator, AgentProvider, CreateTask, ErrorCode, EventFilter, EventKind, EventStream,
    OrchestratedTask, ProviderTaskExecutionContext, Subscription, TaskResult, TaskRun, TaskStatus,
    async_trait,
};
use futures::future::{FutureExt, join_all};
use futures::{StreamExt, executor};
use rust::scripted::{Order, Stage, on_stage};
use rust::worker::{Log, Worker, yield_now};

async fn with_worker() -> (AgentOrchestrator, Arc<Log>) {
    let log = Arc::new(Log::default());
    let worker = Worker(log.clone());
    let orchestrator = AgentOrchestrator::builder().provider(worker).build().await;
    (orchestrator.unwrap(), log)
}

fn task(name: &str, work: &str) -> CreateTask {
    CreateTask::new(name).description(work)
}

#[test]
fn handles_may_go_to_any_thread() {
    const fn is_shared<T: Send + Sync>() {}
    const fn is_cloned<T: Clone>() {}
    const fn is_sent<T: Send>() {}
    is_shared::<AgentOrchestrator>();
    is_cloned::<AgentOrchestrator>();
    is_shared::<EventStream>();
    is_sent::<TaskRun>();
    is_sent::<Subscription>();
    is_shared::<ProviderTaskExecutionContext>();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_provider_that_panics_harms_only_its_own_task() {
    let (orchestrator, _) = with_worker().await;
    let others: Vec<_> = (0..10).map(|n| task(&format!("Task {n}"), "lines 20")).collect();
    let mut runs = Vec::new();
    for other in others {
        runs.push(orchestrator.run_task(other).await.unwrap());
        let bad = orchestrator.run_task(task("Bad", "no such work")).await.unwrap();
        let outcome = bad.await.unwrap();
        assert_eq!(outcome.status, TaskStatus::Failed);
        let error = outcome.error.unwrap();
        assert_eq!(error, "the provider panicked: no such work: no such work");
    }
    for outcome in join_all(runs).await {
        assert!(outcome.unwrap().success);
    }
}

/// Written by hand: the call itself may panic, before there is a future.
struct Rude;

impl AgentProvider for Rude {
    fn id(&self) -> &str {
        "rude"
    }

    fn execute_task<'a, 'b, 'c, 'd>(
        &'a self,
        _: &'b OrchestratedTask,
        _: &'c ProviderTaskExecutionContext,
    ) -> Pin<Box<dyn Future<Output = TaskResult> + Send + 'd>>
    where
        'a: 'd,
        'b: 'd,
        'c: 'd,
    {
        panic!("not even a future")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_panics_before_there_is_a_future_fails_its_task() {
    let orchestrator = AgentOrchestrator::builder()
        .provider(Rude)
        .max_concurrency(1)
        .build()
        .await;
    let orchestrator = orchestrator.unwrap();
    for _ in 0..3 {
        let outcome = orchestrator
            .run_task(CreateTask::new("x"))
            .await
            .unwrap()
            .await
            .unwrap();
        assert_eq!(
            outcome.error.as_deref(),
            Some("the provider panicked: not even a future")
        );
    }
}

/// Works for as long as it likes, and notes when it is dropped.
struct Deaf {
    began: AtomicBool,
    dropped: Arc<AtomicBool>,
}

struct NoteDrop(Arc<AtomicBool>);

impl Drop for NoteDrop {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}

#[async_trait]
impl AgentProvider for Deaf {
    fn id(&self) -> &str {
        "deaf"
    }

    async fn execute_task(&self, _: &OrchestratedTask, _: &ProviderTaskExecutionContext) -> TaskResult {
        let _note = NoteDrop(self.dropped.clone());
        self.began.store(true, SeqCst);
        std::future::pending().await
    }
}

#[test]
fn a_future_that_ignores_the_signal_is_dropped_after_the_grace_period() {
    let deaf = Arc::new(Deaf {
        began: AtomicBool::new(false),
        dropped: Arc::default(),
    });
    let runtime = SimulatedRuntime::new(1_763_000_000_000, 1);
    let builder = AgentOrchestrator::builder()
        .shared_provider(deaf.clone())
        .runtime(runtime.clone());
    let builder = builder.grace_period(Duration::from_secs(3));
    let orchestrator = runtime.block_on(builder.build()).unwrap().unwrap();
    let run = runtime
        .block_on(orchestrator.run_task(CreateTask::new("x")))
        .unwrap()
        .unwrap();
    let id = run.task_id().to_owned();
    runtime.advance(Duration::from_millis(200));
    assert!(deaf.began.load(SeqCst));

    runtime
        .block_on(orchestrator.cancel_task(&id, None))
        .unwrap()
        .unwrap();
    let outcome = run
        .now_or_never()
        .expect("the outcome is there in the same turn")
        .unwrap();
    assert_eq!(outcome.status, TaskStatus::Cancelled);
    runtime.advance(Duration::from_millis(2_999));
    assert!(
        !deaf.dropped.load(SeqCst),
        "it has until the end of the grace period"
    );
    runtime.advance(Duration::from_millis(1));
    assert!(deaf.dropped.load(SeqCst));
}

#[test]
fn a_provider_that_ends_within_the_grace_period_is_told_of_as_late_once() {
    let runtime = SimulatedRuntime::new(1_763_000_000_000, 1);
    let (builder, stage) = on_stage();
    let orchestrator = runtime
        .block_on(builder.runtime(runtime.clone()).build())
        .unwrap()
        .unwrap();
    let mut late = orchestrator
        .events(EventFilter::all().of_type("task:late"))
        .unwrap();
    let run = runtime
        .block_on(orchestrator.run_task(CreateTask::new("x")))
        .unwrap()
        .unwrap();
    let id = run.task_id().to_owned();
    runtime.run_until_idle();
    runtime
        .block_on(orchestrator.cancel_task(&id, Some("too slow")))
        .unwrap()
        .unwrap();
    assert_eq!(
        runtime.block_on(run).unwrap().unwrap().status,
        TaskStatus::Cancelled
    );
    let hash = orchestrator.journal_hash().unwrap();

    runtime.advance(Duration::from_secs(3));
    assert_eq!(
        orchestrator.journal_hash().unwrap(),
        hash,
        "nothing happens by itself"
    );
    let told = stage.order(&id, 1, Order::End(TaskResult::success("done after all")));
    assert_eq!(runtime.block_on(told), Some(Ok(Ok(true))));
    runtime.run_until_idle();
    let event = late.next().now_or_never().unwrap().unwrap();
    let report = agent_orchestrator::kernel::Report::Result;
    assert_eq!(
        event.kind,
        EventKind::Late {
            task_id: id.clone(),
            attempt: 1,
            report
        }
    );
    assert!(late.next().now_or_never().is_none(), "told once");
    let task = orchestrator.get_task(&id).unwrap().unwrap();
    assert_eq!((task.status, task.result), (TaskStatus::Cancelled, None));
    assert_eq!(task.error.as_deref(), Some("too slow"));
    assert!(!stage.lives(&id, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn twenty_threads_write_fifty_lines_each_and_none_is_lost() {
    let (builder, stage) = on_stage();
    let orchestrator = builder.build().await.unwrap();
    let mut tasks = Vec::new();
    for _ in 0..20 {
        let run = orchestrator.run_task(CreateTask::new("x")).await.unwrap();
        while !stage.was_called(run.task_id(), 1) {
            yield_now().await;
        }
        tasks.push(run);
    }
    let ids: Vec<_> = tasks.iter().map(|run| run.task_id().to_owned()).collect();
    // Every thread writes to its own task and, as the owner, to that of its neighbour.
    std::thread::scope(|scope| {
        for n in 0..ids.len() {
            let (orchestrator, stage, ids) = (orchestrator.clone(), &stage, &ids);
            scope.spawn(move || {
                for line in 0..50 {
                    drop(stage.order(&ids[n], 1, Order::Output(format!("own {line}"))));
                    let neighbour = &ids[(n + 1) % ids.len()];
                    executor::block_on(orchestrator.append_output(neighbour, &format!("other {line}")))
                        .unwrap();
                }
            });
        }
    });
    for run in tasks {
        let id = run.task_id().to_owned();
        drop(stage.order(&id, 1, Order::End(TaskResult::success(""))));
        run.await.unwrap();
        let output = orchestrator.get_task(&id).unwrap().unwrap().output;
        for who in ["own", "other"] {
            let found: Vec<_> = output.iter().filter(|line| line.starts_with(who)).collect();
            let due: Vec<_> = (0..50).map(|n| format!("{who} {n}")).collect();
            assert!(found.into_iter().eq(&due), "{who}: {output:?}");
        }
        assert_eq!(output.len(), 100);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn handles_are_used_by_many_threads_at_once() {
    let (orchestrator, log) = with_worker().await;
    let count = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for n in 0..8 {
            let (orchestrator, count) = (orchestrator.clone(), &count);
            scope.spawn(move || {
                for m in 0..25 {
                    let id = format!("task-{n}-{m}");
                    let new = CreateTask {
                        id: Some(id.clone()),
                        ..task("x", "lines 2")
                    };
                    let run = executor::block_on(orchestrator.run_task(new)).unwrap();
                    let _ = executor::block_on(orchestrator.pause_task(&id));
                    let _ = executor::block_on(orchestrator.resume_task(&id));
                    let _ = orchestrator.list_tasks(&Default::default()).unwrap();
                    if m % 5 == 0 {
                        let _ = executor::block_on(orchestrator.cancel_task(&id, None));
                    }
                    let outcome = executor::block_on(run).unwrap();
                    assert!(outcome.success || m % 5 == 0, "{outcome:?}");
                    count.fetch_add(1, SeqCst);
                }
            });
        }
    });
    assert_eq!(count.load(SeqCst), 200);
    assert!(log.ended() <= 200 && log.ended() >= 160, "no task runs twice");
    let ended = [TaskStatus::Completed, TaskStatus::Cancelled]
        .map(|status| orchestrator.count_tasks(status).unwrap());
    assert_eq!(ended.iter().sum::<usize>(), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_starts_of_one_task_are_one_run() {
    let (builder, stage) = on_stage();
    let orchestrator = builder.build().await.unwrap();
    let id = orchestrator.create_task(CreateTask::new("x")).await.unwrap().id;
    let asked = Arc::new(AtomicUsize::new(0));
    let runs: Vec<_> = (0..16)
        .map(|_| {
            let (orchestrator, id, asked) = (orchestrator.clone(), id.clone(), asked.clone());
            tokio::spawn(async move {
                let run = orchestrator.start_task(&id).await.unwrap();
                asked.fetch_add(1, SeqCst);
                run.await.unwrap().summary
            })
        })
        .collect();
    while asked.load(SeqCst) < 16 || !stage.was_called(&id, 1) {
        yield_now().await;
    }
    drop(stage.order(&id, 1, Order::End(TaskResult::success("once"))));
    for summary in join_all(runs).await {
        assert_eq!(summary.unwrap(), "once");
    }
    assert_eq!(stage.calls(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn dispose_in_mid_flight_settles_everything() {
    let (orchestrator, log) = with_worker().await;
    let mut runs = Vec::new();
    for n in 0..100 {
        let work = ["until cancelled", "lines 100000", "forever"][n % 3];
        runs.push(orchestrator.run_task(task("x", work)).await.unwrap());
    }
    let streams: Vec<_> = (0..3)
        .map(|_| orchestrator.events(EventFilter::all()).unwrap())
        .collect();
    let dispose = |handle: AgentOrchestrator| async move { handle.dispose().await };
    join_all((0..4).map(|_| tokio::spawn(dispose(orchestrator.clone())))).await;
    for run in join_all(runs).await {
        assert_eq!(run.unwrap_err().code(), ErrorCode::Disposed);
    }
    for stream in streams {
        let rest: Vec<_> = stream.collect().await;
        assert!(rest.len() <= 1025);
    }
    while log.ended() == 0 {
        yield_now().await;
    }
    assert_eq!(
        orchestrator.current_task().unwrap_err().code(),
        ErrorCode::Disposed
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_that_panics_harms_nobody() {
    let (orchestrator, _) = with_worker().await;
    let heard = Arc::new(AtomicUsize::new(0));
    let bad = orchestrator
        .subscribe(EventFilter::all(), |_| panic!("a bad listener"))
        .unwrap();
    let counter = heard.clone();
    let picky = orchestrator.subscribe(EventFilter::all(), move |event| {
        counter.fetch_add(1, SeqCst);
        assert_ne!(event.kind.type_name(), "task:started", "a picky listener");
    });
    let picky = picky.unwrap();
    assert!(
        orchestrator
            .run_task(task("x", "lines 5"))
            .await
            .unwrap()
            .await
            .unwrap()
            .success
    );
    // created, started, five lines, completed.
    while heard.load(SeqCst) < 8 {
        yield_now().await;
    }
    drop((bad, picky));
    assert!(
        orchestrator
            .run_task(task("x", "lines 5"))
            .await
            .unwrap()
            .await
            .unwrap()
            .success
    );
    assert_eq!(heard.load(SeqCst), 8, "a dropped subscription hears nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_may_call_the_orchestrator() {
    let (orchestrator, _) = with_worker().await;
    let within = orchestrator.clone();
    let filter = EventFilter::all().of_type("task:completed");
    let _subscription = orchestrator
        .subscribe(filter, move |event| {
            let id = event.kind.task_id().unwrap();
            executor::block_on(within.append_output(id, "heard")).unwrap();
        })
        .unwrap();
    let mut outputs = orchestrator
        .events(EventFilter::all().of_type("task:output"))
        .unwrap();
    orchestrator
        .run_task(task("x", "lines 0"))
        .await
        .unwrap()
        .await
        .unwrap();
    let EventKind::Output { lines, .. } = outputs.next().await.unwrap().kind else {
        panic!("only output was asked for");
    };
    assert_eq!(lines, ["heard"]);
}

#[test]
fn outside_of_tokio_there_is_no_runtime() {
    let refused = executor::block_on(AgentOrchestrator::builder().build()).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::InvalidArgument);
    assert!(refused.message().contains("tokio"), "{refused}");
}

#[tokio::test]
async fn what_cannot_be_opened_says_why() {
    let stage = Stage::default();
    let builder = AgentOrchestrator::builder;
    let worker = || stage.provider("worker");
    for (builder, code) in [
        (
            builder().provider(worker()).provider(worker()),
            ErrorCode::ProviderExists,
        ),
        (
            builder().provider(worker()).default_provider("nobody"),
            ErrorCode::ProviderNotFound,
        ),
        (builder().default_provider("worker"), ErrorCode::ProviderNotFound),
        (
            builder().provider(stage.provider("two words")),
            ErrorCode::InvalidArgument,
        ),
        (builder().provider(stage.provider("")), ErrorCode::InvalidArgument),
        (
            builder().provider(stage.provider(&"x".repeat(129))),
            ErrorCode::LimitExceeded,
        ),
        (builder().max_concurrency(0), ErrorCode::InvalidArgument),
        (builder().max_tasks(0), ErrorCode::InvalidArgument),
        (builder().max_output_lines(0), ErrorCode::InvalidArgument),
    ] {
        assert_eq!(builder.build().await.unwrap_err().code(), code);
    }
    let two = builder()
        .provider(worker())
        .provider(stage.provider("other"))
        .build()
        .await
        .unwrap();
    let refused = two.create_task(CreateTask::new("whose?")).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::InvalidArgument);
    let none = builder().build().await.unwrap();
    let refused = none.create_task(CreateTask::new("whose?")).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::ProviderNotFound);
}

/// The provider of the first system's README, with nothing changed but its `use` lines.
#[allow(unused_variables, reason = "as it stands there")]
mod snippet_of_the_first_system {
    use agent_orchestrator::{AgentProvider, OrchestratedTask, ProviderTaskExecutionContext, TaskResult};

    // Define your agent provider
    pub(super) struct MyProvider;

    #[async_trait::async_trait]
    impl AgentProvider for MyProvider {
        fn id(&self) -> &str {
            "my-agent"
        }

        fn label(&self) -> &str {
            "My Agent"
        }

        async fn execute_task(
            &self,
            task: &OrchestratedTask,
            ctx: &ProviderTaskExecutionContext,
        ) -> TaskResult {
            (ctx.append_output)("Hello from my-agent".to_string());
            (ctx.update_progress)(100);
            TaskResult::success("done")
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_provider_of_the_first_systems_readme_runs() {
    let orchestrator = AgentOrchestrator::builder()
        .provider(snippet_of_the_first_system::MyProvider)
        .default_provider("my-agent")
        .working_directory(|| std::env::current_dir().unwrap().to_string_lossy().to_string())
        .build()
        .await
        .unwrap();
    let run = orchestrator.run_task(CreateTask::new("Greet")).await.unwrap();
    let id = run.task_id().to_owned();
    assert_eq!(run.unwrap().await.unwrap().summary, "done");
    let task = orchestrator.get_task(&id).unwrap().unwrap();
    assert_eq!(task.output, ["Hello from my-agent"]);
    assert_eq!((task.progress, task.provider_label.as_str()), (100, "My Agent"));
    assert_eq!(
        task.working_directory,
        std::env::current_dir().unwrap().to_string_lossy()
    );
}
