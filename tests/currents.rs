//! Scopes that have a current task of their own, and lists of a room or a world.

#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at what must not happen"
)]

mod rust {
    pub(crate) mod desk;
}

use agent_orchestrator::ErrorCode::{InvalidArgument, LimitExceeded, TaskNotFound};
use agent_orchestrator::kernel::{Command, Config, NewTask, Reply, State, TaskKey, limits};
use agent_orchestrator::{ListQuery, Sort};
use rust::desk::{Desk, task};

const fn select(scope: &str, task: Option<TaskKey>) -> Command<'_> {
    Command::SelectIn { scope, task }
}

#[test]
fn every_scope_has_its_own_current_task() {
    let mut desk = Desk::with_worker(Config::default());
    let [a, b] = [desk.create(), desk.create()];
    desk.done(select("room", Some(a)));
    desk.done(select("room|ann", Some(b)));
    assert_eq!(desk.tell(select("room", Some(a))), Ok(Reply::Nothing));
    assert_eq!(desk.kernel.current_in("room"), Some(a));
    assert_eq!(desk.kernel.current_in("room|ann"), Some(b));
    assert_eq!(desk.kernel.current_in("room|bob"), None);
    assert_eq!(desk.kernel.current(), Some(a), "the first task, as ever");
    desk.done(select("room", None));
    assert_eq!(desk.tell(select("room", None)), Ok(Reply::Nothing));
    assert_eq!(desk.kernel.current_in("room"), None);
    assert_eq!(desk.kernel.current_in("room|ann"), Some(b));
}

#[test]
fn a_deleted_task_is_no_longer_the_current_one_of_any_scope() {
    let mut desk = Desk::with_worker(Config::default());
    let [a, b] = [desk.create(), desk.create()];
    for (scope, task) in [("one", a), ("two", a), ("three", b)] {
        desk.done(select(scope, Some(task)));
    }
    desk.done(Command::Delete(a));
    assert_eq!(
        ["one", "two", "three"].map(|scope| desk.kernel.current_in(scope)),
        [None, None, Some(b)]
    );
}

#[test]
fn a_scope_that_is_blank_or_too_long_and_a_task_that_is_not_there_are_refused() {
    let mut desk = Desk::with_worker(Config::default());
    let a = desk.create();
    let code = |desk: &mut Desk, command: Command<'_>| desk.tell(command).unwrap_err().code();
    assert_eq!(code(&mut desk, select(" ", Some(a))), InvalidArgument);
    assert_eq!(code(&mut desk, select("", None)), InvalidArgument);
    let long = "x".repeat(limits::SCOPE.max + 1);
    assert_eq!(code(&mut desk, select(&long, Some(a))), LimitExceeded);
    assert_eq!(
        code(&mut desk, select("room", Some(TaskKey::new(9)))),
        TaskNotFound
    );
    desk.done(select(&long[1..], Some(a)));
}

#[test]
fn there_are_not_more_scopes_than_the_limit() {
    let mut desk = Desk::with_worker(Config::default());
    let [a, b] = [desk.create(), desk.create()];
    for number in 0..limits::SCOPES.max {
        let told = desk
            .kernel
            .handle(desk.now, select(&number.to_string(), Some(a)), &mut desk.journal);
        assert_eq!(told, Ok(Reply::Done));
    }
    let refused = desk
        .kernel
        .handle(desk.now, select("one more", Some(a)), &mut desk.journal);
    assert_eq!(refused.unwrap_err().code(), LimitExceeded);
    // One that is there may change, and one that is given up makes room.
    for command in [
        select("7", Some(b)),
        select("8", None),
        select("one more", Some(b)),
    ] {
        let told = desk.kernel.handle(desk.now, command, &mut desk.journal);
        assert_eq!(told, Ok(Reply::Done));
    }
}

#[test]
fn scopes_come_back_from_a_snapshot_and_a_state_without_any_is_what_it_was() {
    let mut desk = Desk::with_worker(Config::default());
    let a = desk.create();
    let before = desk.snapshot();
    desk.done(select("room", Some(a)));
    let with = desk.snapshot();
    assert_eq!(desk.restored().kernel.state(), desk.kernel.state());
    assert_eq!(desk.restored().kernel.current_in("room"), Some(a));
    for end in before.len() + 1..with.len() {
        // Three numbers for agents that are not there stand before the scopes: with nothing after them, it is whole.
        if end != with.len() - "room".len() - 3 {
            assert!(
                postcard::from_bytes::<State>(&with[..end]).is_err(),
                "cut at {end}"
            );
        }
    }
    desk.done(select("room", None));
    // But for the position and the time, it is the state that never had a scope.
    assert_eq!(desk.snapshot().len(), before.len());
}

#[test]
fn a_room_and_a_world_are_listed_without_looking_at_other_tasks() {
    let mut desk = Desk::with_worker(Config::default());
    let places = [
        (Some("r1"), Some("w1")),
        (Some("r2"), Some("w1")),
        (None, Some("w2")),
        (None, None),
        (Some("r1"), None),
        // A world may have the name of a room.
        (Some("w1"), Some("r1")),
    ];
    let keys: Vec<TaskKey> = places
        .iter()
        .cycle()
        .take(60)
        .map(|(room, world)| {
            desk.made(NewTask {
                room: *room,
                world: *world,
                ..task()
            })
        })
        .collect();
    for gone in [0, 7, 13, 18] {
        desk.done(Command::Delete(keys[gone]));
    }
    for desk in [&desk, &desk.restored()] {
        for (room, world) in [
            (Some("r1"), None),
            (None, Some("w1")),
            (Some("r1"), Some("w1")),
            (Some("w1"), None),
            (None, Some("r1")),
            (Some("nowhere"), None),
        ] {
            for sort in [Sort::CreatedAt, Sort::CreatedAtDescending] {
                let query = ListQuery {
                    room_id: room.map(str::to_owned),
                    world_id: world.map(str::to_owned),
                    sort: Some(sort),
                    limit: Some(1000),
                    total: true,
                    ..ListQuery::default()
                };
                let holds = |key: &TaskKey| {
                    desk.kernel.task(*key).is_some_and(|task| {
                        room.is_none_or(|room| desk.kernel.room(task) == Some(room))
                            && world.is_none_or(|world| desk.kernel.world(task) == Some(world))
                    })
                };
                let mut expected: Vec<TaskKey> = keys.iter().copied().filter(holds).collect();
                if sort == Sort::CreatedAtDescending {
                    expected.reverse();
                }
                let page = query.run(&desk.kernel).unwrap();
                assert_eq!(page.total, Some(expected.len()));
                assert_eq!(page.keys, expected, "{room:?} {world:?}");
            }
        }
    }
}
