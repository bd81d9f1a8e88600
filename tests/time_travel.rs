//! Any state there ever was can be looked at, compared, checked, and gone on from.

#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at what must not happen"
)]

mod rust {
    pub(crate) mod scripted;
}

use agent_orchestrator::runtime::SimulatedRuntime;
use agent_orchestrator::{
    AgentOrchestrator, AgentOrchestratorBuilder, CreateTask, ErrorCode, Journal, ListQuery, MemoryJournal,
    TaskResult, TaskStatus, import_journal,
};
use futures::FutureExt;
use rust::scripted::{Order, Stage};

struct Host {
    runtime: SimulatedRuntime,
    stage: Stage,
    orchestrator: AgentOrchestrator,
}

impl Host {
    fn open(more: impl FnOnce(AgentOrchestratorBuilder) -> AgentOrchestratorBuilder) -> Self {
        let runtime = SimulatedRuntime::new(1_763_000_000_000, 7);
        let stage = Stage::default();
        let builder = AgentOrchestrator::builder()
            .runtime(runtime.clone())
            .provider(stage.provider("worker"));
        let orchestrator = runtime.block_on(more(builder).build()).unwrap().unwrap();
        Self {
            runtime,
            stage,
            orchestrator,
        }
    }

    fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        let value = self.runtime.block_on(future).expect("it must not wait for ever");
        self.runtime.run_until_idle();
        value
    }

    fn run(&self, name: &str) {
        let task = CreateTask {
            id: Some(name.to_owned()),
            ..CreateTask::new(name)
        };
        let run = self.wait(self.orchestrator.run_task(task)).unwrap();
        drop(self.stage.order(name, 1, Order::Output("at work".into())));
        drop(self.stage.order(name, 1, Order::End(TaskResult::success("done"))));
        let _ = self.wait(run).unwrap();
    }

    fn seq(&self) -> u64 {
        self.wait(self.orchestrator.verify()).unwrap().seq
    }
}

/// Every state on the way, by position: the hash that the orchestrator had.
fn walk(host: &Host) -> Vec<(u64, String)> {
    let mut states = Vec::new();
    for n in 0..30 {
        host.run(&format!("t{n}"));
        if n % 5 == 4 {
            host.wait(host.orchestrator.delete_task(&format!("t{}", n - 2)))
                .unwrap();
        }
        states.push((host.seq(), host.orchestrator.state_hash().unwrap()));
    }
    states
}

#[test]
fn every_state_can_be_looked_at_from_memory_and_from_a_journal_with_snapshots() {
    let journal = MemoryJournal::new();
    let hosts = [
        Host::open(|builder| builder),
        Host::open(|builder| {
            builder
                .journal(journal)
                .snapshot_bytes(2000)
                .keep_history(true)
                .event_log_bytes(1)
        }),
    ];
    for host in &hosts {
        for (seq, hash) in walk(host) {
            let past = host.wait(host.orchestrator.at(seq)).unwrap();
            assert_eq!((past.seq(), past.state_hash()), (seq, hash));
        }
        let end = host.seq();
        for seq in 1..=end {
            assert_eq!(host.wait(host.orchestrator.at(seq)).unwrap().seq(), seq);
        }
        for wrong in [0, end + 1, u64::MAX] {
            let refused = host.wait(host.orchestrator.at(wrong)).unwrap_err();
            assert_eq!(refused.code(), ErrorCode::InvalidArgument, "{wrong}");
        }
        let checked = host.wait(host.orchestrator.verify()).unwrap();
        assert_eq!((checked.seq, checked.events), (end, end));
    }
}

#[test]
fn the_past_is_as_it_was() {
    let host = Host::open(|builder| builder);
    host.run("a");
    let before = host.seq();
    host.run("b");
    host.wait(host.orchestrator.rename_task("a", "another name"))
        .unwrap();
    let past = host.wait(host.orchestrator.at(before)).unwrap();
    assert_eq!(past.get_task("a").unwrap().name, "a");
    assert!(past.get_task("b").is_none());
    assert_eq!(past.list_tasks(&ListQuery::default()).unwrap().tasks.len(), 1);
    assert_eq!(past.count_tasks(TaskStatus::Completed), 1);
    assert_eq!(past.current_task().unwrap().id, "a");

    let diff = host.wait(host.orchestrator.diff(before, host.seq())).unwrap();
    assert_eq!(
        diff.created.iter().map(|task| &*task.id).collect::<Vec<_>>(),
        ["b"]
    );
    assert!(diff.deleted.is_empty());
    assert_eq!(diff.changed.len(), 1);
    assert_eq!(diff.changed[0].fields, ["name"]);
    assert_eq!(
        (&*diff.changed[0].before.name, &*diff.changed[0].after.name),
        ("a", "another name")
    );
    let back = host.wait(host.orchestrator.diff(host.seq(), before)).unwrap();
    assert_eq!(back.deleted.len(), 1);
}

#[test]
fn what_is_not_kept_is_said_so() {
    let host = Host::open(|builder| builder.journal(MemoryJournal::new()).snapshot_bytes(1000));
    walk(&host);
    let refused = host.wait(host.orchestrator.at(3)).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::HistoryGone);
    let checked = host.wait(host.orchestrator.verify()).unwrap();
    assert!(checked.events < checked.seq);
    let host = Host::open(|builder| builder.event_log_bytes(1));
    for n in 0..2000 {
        host.wait(
            host.orchestrator
                .create_task(CreateTask::new(format!("task {n}"))),
        )
        .unwrap();
    }
    let refused = host.wait(host.orchestrator.at(3)).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::HistoryGone);
}

#[test]
fn a_fork_goes_on_by_itself() {
    let host = Host::open(|builder| builder);
    host.run("a");
    drop(
        host.wait(host.orchestrator.run_task(CreateTask {
            id: Some("b".into()),
            ..CreateTask::new("b")
        }))
        .unwrap(),
    );
    let there = host.seq();
    host.run("c");
    let journal = MemoryJournal::new();
    let stage = Stage::default();
    let builder = AgentOrchestrator::builder()
        .journal(journal.clone())
        .provider(stage.provider("worker"));
    let fork = host.wait(host.orchestrator.fork(there, builder)).unwrap();
    let status = |id: &str| fork.get_task(id).unwrap().map(|task| task.status);
    assert_eq!(
        [status("a"), status("b"), status("c")],
        [Some(TaskStatus::Completed), Some(TaskStatus::Paused), None]
    );
    let _ = host.wait(fork.resume_task("b")).unwrap();
    assert!(stage.was_called("b", 2) && !host.stage.was_called("b", 2));
    assert_eq!(host.orchestrator.get_task("b").unwrap().unwrap().attempt, 1);
    let checked = host.wait(fork.verify()).unwrap();
    assert!(checked.seq > there);

    let builder = AgentOrchestrator::builder()
        .journal(journal)
        .provider(stage.provider("worker"));
    let refused = host.wait(host.orchestrator.fork(there, builder)).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Conflict);
}

#[test]
fn an_exported_journal_is_the_same_one_elsewhere() {
    let journal = MemoryJournal::new();
    let host = Host::open(|builder| builder.journal(journal).snapshot_bytes(3000));
    walk(&host);
    host.wait(host.orchestrator.compact()).unwrap();
    host.run("after");
    let bytes = host.wait(host.orchestrator.export_journal(false)).unwrap();
    let other = MemoryJournal::new();
    import_journal(&other, &bytes).now_or_never().unwrap().unwrap();
    let stored = other.load(false).now_or_never().unwrap().unwrap();
    assert_eq!(stored.frames.concat(), bytes);
    let opened = Host::open(|builder| builder.journal(other.clone()));
    assert_eq!(
        opened.orchestrator.get_task("after").unwrap(),
        host.orchestrator.get_task("after").unwrap()
    );
    let again = import_journal(&other, &bytes)
        .now_or_never()
        .unwrap()
        .unwrap_err();
    assert_eq!(again.code(), ErrorCode::Conflict);
    for end in [0, 1, 47, bytes.len() - 1] {
        let refused = import_journal(&MemoryJournal::new(), &bytes[..end])
            .now_or_never()
            .unwrap()
            .unwrap_err();
        assert_eq!(refused.code(), ErrorCode::JournalDamaged, "{end}");
    }
    // Without a journal, the state is exported as one.
    let plain = Host::open(|builder| builder);
    plain.run("x");
    let bytes = plain.wait(plain.orchestrator.export_journal(true)).unwrap();
    let other = MemoryJournal::new();
    import_journal(&other, &bytes).now_or_never().unwrap().unwrap();
    let opened = Host::open(|builder| builder.journal(other));
    assert_eq!(
        opened.orchestrator.get_task("x").unwrap().unwrap().status,
        TaskStatus::Completed
    );
}
