//! Every verb in every status does what the status table says, and the table is the only way.

#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at what must not happen"
)]

mod rust {
    pub(crate) mod desk;
}

use agent_orchestrator::kernel::status::{self, Next, Verb};
use agent_orchestrator::kernel::{Command, Config, Ending, NewPlan, NewTask, Reply, Reporter, TaskKey};
use agent_orchestrator::{ErrorCode, TaskStatus, TaskUserStatus};
use rust::desk::{Desk, ending, output};

/// Ways to come into a status, with what the kernel knows beside it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    PendingUnstarted,
    PendingQueued,
    Blocked,
    Running,
    PausedUnstarted,
    PausedQueued,
    PausedBlocked,
    PausedActive,
    Completed,
    CompletedWhilePaused,
    Failed,
    CancelledUnstarted,
    CancelledActive,
    Restarted,
}
use Way::*;

const WAYS: [Way; 14] = [
    PendingUnstarted,
    PendingQueued,
    Blocked,
    Running,
    PausedUnstarted,
    PausedQueued,
    PausedBlocked,
    PausedActive,
    Completed,
    CompletedWhilePaused,
    Failed,
    CancelledUnstarted,
    CancelledActive,
    Restarted,
];

impl Way {
    const fn status(self) -> TaskStatus {
        match self {
            PendingUnstarted | PendingQueued => TaskStatus::Pending,
            Blocked => TaskStatus::Blocked,
            Running | Restarted => TaskStatus::Running,
            PausedUnstarted | PausedQueued | PausedBlocked | PausedActive => TaskStatus::Paused,
            Completed | CompletedWhilePaused => TaskStatus::Completed,
            Failed => TaskStatus::Failed,
            CancelledUnstarted | CancelledActive => TaskStatus::Cancelled,
        }
    }

    const fn is_active(self) -> bool {
        matches!(self, Running | PausedActive | Restarted)
    }

    /// A desk with one task that came this way, and all slots taken if `full`.
    fn desk(self, full: bool) -> (Desk, TaskKey) {
        let mut desk = Desk::new(Config {
            max_concurrency: 1 + u32::from(full),
            ..Config::default()
        });
        let _ = desk.register("worker", None).unwrap();
        let _ = desk.register("other", None).unwrap();
        let depends_on: &[&str] = match self {
            Blocked | PausedBlocked => &["wait"],
            _ => &[],
        };
        let new = NewTask {
            name: "task",
            provider: Some("worker"),
            ..NewTask::default()
        };
        let plan = NewPlan {
            depends_on,
            ..NewPlan::default()
        };
        let id = Some("wait");
        let both = [NewTask { plan, ..new }, NewTask { id, ..new }];
        let made = desk.tell(Command::Create(&both));
        let task = TaskKey::new(0);
        assert_eq!(
            made,
            Ok(Reply::Created {
                first: task,
                count: 2
            })
        );
        let wait = TaskKey::new(1);
        let cancel = Command::Cancel {
            task,
            reason: "no more",
        };
        // A slot may have to be taken for the time in which the task must not run.
        let mut way: Vec<Command<'_>> = match self {
            PendingUnstarted => vec![],
            PendingQueued => vec![Command::Start(wait), Command::Start(task)],
            Blocked | Running | Restarted | Completed | Failed => vec![Command::Start(task)],
            PausedUnstarted => vec![Command::Pause(task)],
            PausedQueued => vec![Command::Start(wait), Command::Start(task), Command::Pause(task)],
            PausedBlocked | PausedActive | CompletedWhilePaused => {
                vec![Command::Start(task), Command::Pause(task)]
            }
            CancelledUnstarted => vec![cancel],
            CancelledActive => vec![Command::Start(task), cancel],
        };
        if full {
            let blocker = desk.create();
            way.insert(0, Command::Start(blocker));
        }
        for command in way {
            assert_eq!(desk.tell(command), Ok(Reply::Done), "{self:?}: {command:?}");
        }
        match self {
            Completed | CompletedWhilePaused => assert_eq!(desk.finish(task, true), Ok(Reply::Done)),
            Failed => assert_eq!(desk.finish(task, false), Ok(Reply::Done)),
            Restarted => {
                assert_eq!(desk.finish(task, false), Ok(Reply::Done));
                assert_eq!(desk.tell(Command::Restart(task)), Ok(Reply::Done));
            }
            _ => {}
        }
        if full && !self.is_active() && !matches!(self, PendingQueued | PausedQueued) {
            assert_eq!(desk.tell(Command::Start(wait)), Ok(Reply::Done));
        }
        desk.fold(|_| ());
        let _ = desk.effects();
        assert_eq!(desk.status(task), Some(self.status()), "{self:?}");
        (desk, task)
    }
}

/// The commands that stand for a verb.
fn commands(verb: Verb, desk: &Desk, task: TaskKey) -> Vec<Command<'static>> {
    let by = Reporter::Owner;
    let attempt = desk.attempt(task);
    let finish = |ending| Command::Finish {
        task,
        attempt,
        ending,
    };
    match verb {
        Verb::Start => vec![Command::Start(task)],
        Verb::Pause => vec![Command::Pause(task)],
        Verb::Resume => vec![Command::Resume(task)],
        Verb::Cancel => vec![Command::Cancel { task, reason: "so" }],
        Verb::Restart => vec![Command::Restart(task)],
        Verb::Complete => vec![finish(ending(true))],
        Verb::Fail => vec![
            finish(ending(false)),
            finish(Ending::Error {
                error: "boom",
                retryable: true,
            }),
        ],
        Verb::Progress => vec![Command::Progress {
            task,
            by,
            percent: 41.5,
        }],
        Verb::Annotate => vec![
            output(task, by, "said"),
            Command::AddStep {
                task,
                by,
                description: "more",
            },
        ],
        Verb::Edit => vec![
            Command::Rename { task, name: "new" },
            Command::Mark {
                task,
                status: TaskUserStatus::Done,
            },
        ],
        Verb::Reassign => vec![Command::Reassign {
            task,
            provider: "other",
        }],
        Verb::Delete => vec![Command::Delete(task)],
    }
}

/// What the table's row comes to, where the task's past or the free slots make a difference.
fn due(way: Way, verb: Verb, full: bool) -> Option<Next> {
    let said = status::next(way.status(), verb);
    match (verb, way) {
        // Only the provider can end an attempt, and only one that runs.
        (Verb::Complete | Verb::Fail, _) if !way.is_active() => None,
        (Verb::Reassign, PausedActive) => None,
        // Asked for already, and waiting for its turn.
        (Verb::Start, PendingQueued) => Some(Next::Nothing),
        (Verb::Resume, PausedBlocked) => Some(Next::To(TaskStatus::Blocked)),
        (Verb::Resume, PausedUnstarted | PausedQueued) => Some(Next::To(TaskStatus::Pending)),
        (Verb::Start | Verb::Restart, _) if full && matches!(said, Some(Next::To(_))) => {
            Some(Next::To(TaskStatus::Pending))
        }
        _ => said,
    }
}

#[test]
fn every_verb_in_every_status_does_what_the_table_says() {
    for (way, verb, full) in WAYS
        .into_iter()
        .flat_map(|way| Verb::ALL.map(|verb| (way, verb)))
        .flat_map(|(way, verb)| [(way, verb, false), (way, verb, true)])
    {
        let count = commands(verb, &way.desk(full).0, TaskKey::new(0)).len();
        for number in 0..count {
            let (mut desk, task) = way.desk(full);
            let command = commands(verb, &desk, task)[number];
            let what = format!("{verb:?} of {way:?}, full: {full}: {command:?}");
            let hashes = (desk.snapshot(), desk.journal.clone());
            let reply = desk.tell(command);
            let mut late = 0;
            let events = desk.fold(|event| {
                late += usize::from(matches!(event, agent_orchestrator::kernel::Event::Late { .. }));
            });
            let same = hashes == (desk.snapshot(), desk.journal.clone());
            match due(way, verb, full) {
                None if matches!(verb, Verb::Complete | Verb::Fail) => {
                    // Not refused by the table but as the report of an attempt that no longer counts, or never was.
                    assert!(
                        matches!(&reply, Ok(Reply::Late)) || reply.as_ref().is_err_and(|_| same),
                        "{what}: {reply:?}"
                    );
                    assert_eq!(events, late, "{what}");
                    assert_eq!(desk.status(task), Some(way.status()), "{what}");
                }
                None => {
                    assert_eq!(reply.unwrap_err().code(), ErrorCode::IllegalTransition, "{what}");
                    assert!(same && events == 0, "{what}");
                    assert!(desk.effects().is_empty(), "{what}");
                }
                Some(Next::Nothing) => {
                    assert_eq!(reply, Ok(Reply::Nothing), "{what}");
                    assert!(same && events == 0, "{what}");
                    assert!(desk.effects().is_empty(), "{what}");
                }
                Some(Next::Stays) => {
                    assert!(matches!(reply, Ok(Reply::Done | Reply::Step(_))), "{what}");
                    assert_eq!((events, desk.status(task)), (1, Some(way.status())), "{what}");
                }
                Some(Next::To(status)) => {
                    assert_eq!(
                        (reply, desk.status(task)),
                        (Ok(Reply::Done), Some(status)),
                        "{what}"
                    );
                }
                Some(Next::Gone) => {
                    assert_eq!((reply, desk.status(task)), (Ok(Reply::Done), None), "{what}");
                }
            }
        }
    }
}

/// A slot may have become free while it was paused.
#[test]
fn a_queued_task_that_was_paused_runs_when_it_goes_on() {
    let (mut desk, task) = PausedQueued.desk(false);
    let wait = TaskKey::new(1);
    assert_eq!(desk.finish(wait, true), Ok(Reply::Done));
    assert_eq!(
        desk.status(task),
        Some(TaskStatus::Paused),
        "its turn passes it by"
    );
    assert_eq!(desk.tell(Command::Resume(task)), Ok(Reply::Done));
    assert_eq!(desk.status(task), Some(TaskStatus::Running));
    desk.fold(|_| ());
}

#[test]
fn a_task_that_is_not_there_knows_no_verb() {
    let (mut desk, task) = Completed.desk(false);
    assert_eq!(desk.tell(Command::Delete(task)), Ok(Reply::Done));
    for gone in [task, TaskKey::new(1000), TaskKey::new(u32::MAX)] {
        for verb in Verb::ALL {
            for command in commands(verb, &desk, gone) {
                let refused = desk.tell(command).unwrap_err();
                assert_eq!(refused.code(), ErrorCode::TaskNotFound, "{command:?}");
            }
        }
    }
}

#[test]
fn only_a_restart_leads_out_of_a_terminal_status() {
    for from in TaskStatus::ALL.into_iter().filter(|status| status.is_terminal()) {
        for verb in Verb::ALL {
            let leaves = matches!(status::next(from, verb), Some(Next::To(_)));
            assert_eq!(leaves, verb == Verb::Restart, "{verb:?} of {from}");
        }
    }
}

#[test]
fn every_status_can_be_reached_and_left() {
    let leads = |from, to| {
        Verb::ALL
            .into_iter()
            .any(|verb| status::next(from, verb) == Some(Next::To(to)))
    };
    for status in TaskStatus::ALL {
        let reached = TaskStatus::ALL.into_iter().any(|from| leads(from, status));
        // Waiting stands between what the table says and where it leads.
        assert!(
            reached || matches!(status, TaskStatus::Pending | TaskStatus::Blocked),
            "nothing leads to {status}"
        );
        let left = TaskStatus::ALL.into_iter().any(|to| leads(status, to));
        assert!(left, "nothing leads out of {status}");
    }
}

#[test]
fn the_table_as_text_has_a_row_for_each_verb_and_a_cell_for_each_status() {
    let table = status::table();
    let rows: Vec<Vec<&str>> = table
        .lines()
        .map(|line| line.split('|').map(str::trim).collect())
        .collect();
    for (row, verb) in rows[2..].iter().zip(Verb::ALL) {
        assert_eq!(row[1], format!("**{}**", verb.as_str()));
        for (cell, from) in row[2..].iter().zip(TaskStatus::ALL) {
            let due = match status::next(from, verb) {
                Some(Next::To(status)) => status.as_str(),
                Some(Next::Nothing) => "no effect",
                Some(Next::Stays) => "stays",
                Some(Next::Gone) => "gone",
                None => "",
            };
            assert_eq!(*cell, due, "{verb:?} of {from}");
        }
    }
}
