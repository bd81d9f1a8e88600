//! The machine that supervises agents: each rule by an example.
//!
//! That they hold together, and after any history, is what `kernel_agents_properties` looks for. (That refused commands
//! change nothing, and that the state is the fold of the journal, is checked by the desk after every step.)

#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at what must not happen"
)]

mod rust {
    pub(crate) mod agents;
    pub(crate) mod desk;
}

use agent_orchestrator::ErrorCode;
use agent_orchestrator::kernel::AgentStatus::{
    Cancelled, Completed, Failed, Registered, Restarting, Running, Starting, Stopping,
};
use agent_orchestrator::kernel::{
    AgentCommand, AgentFact, AgentFailure, AgentKey, AgentSettings, Backoff, Config, DropReason, Incarnation,
    Kernel, Message, Overflow, Reply, RestartType, State, StopMode, Strategy, SupervisorAction,
};
use rust::agents::{HELLO, Host};
use rust::desk::code;

fn nothing(_: &mut AgentSettings) {}

fn often(settings: &mut AgentSettings) {
    settings.max_restarts = 100;
}

/// A parent with three children, spawned, none started or stopped since.
fn family(host: &mut Host, strategy: Strategy) -> (AgentKey, [AgentKey; 3]) {
    let top = host.add("top", None, |settings| settings.strategy = strategy);
    let children = ["a", "b", "c"].map(|name| host.add(name, Some(top), nothing));
    host.spawn(top);
    assert_eq!(host.started(), [top, children[0], children[1], children[2]]);
    host.forget();
    (top, children)
}

// Messages.

#[test]
fn messages_are_given_one_at_a_time_in_the_order_in_which_they_came() {
    let mut host = Host::new();
    let agent = host.run("agent", nothing);
    let [a, b, c] = [(); 3].map(|()| host.send(agent));
    assert_eq!(host.prompted(), [(agent, a)]);
    host.answer(agent, a);
    assert_eq!(host.prompted(), [(agent, a), (agent, b)]);
    host.answer(agent, b);
    host.answer(agent, c);
    assert_eq!(host.prompted(), [(agent, a), (agent, b), (agent, c)]);
    assert_eq!(
        host.settled(),
        [(agent, a, None), (agent, b, None), (agent, c, None)]
    );
    assert_eq!(host.status(agent), Running);
}

#[test]
fn messages_that_are_not_recorded_leave_nothing_in_the_journal() {
    let mut host = Host::new();
    let agent = host.run("agent", nothing);
    let before = host.desk.journal.0.len();
    let message = host.send(agent);
    host.answer(agent, message);
    assert_eq!(host.desk.journal.0.len(), before);
    let mut host = Host::recorded();
    let agent = host.run("agent", nothing);
    let before = host.desk.journal.0.len();
    let message = host.send(agent);
    assert_eq!(host.desk.kernel.payload(agent, message), Some(HELLO));
    host.answer(agent, message);
    assert_eq!(host.desk.journal.0.len(), before + 3, "sent, prompted, answered");
}

#[test]
fn a_full_inbox_makes_senders_wait_until_there_is_room() {
    let mut host = Host::new();
    let agent = host.run("agent", |settings| settings.inbox = 1);
    let [a, b] = [(); 2].map(|()| host.send(agent));
    assert_eq!(host.try_send(agent), Ok(Reply::Full));
    assert_eq!(host.try_send(agent), Ok(Reply::Full));
    assert_eq!(host.rooms(), []);
    host.answer(agent, a);
    assert_eq!(host.rooms(), [agent], "the next message left the inbox");
    let c = host.send(agent);
    assert_eq!(host.try_send(agent), Ok(Reply::Full));
    assert_eq!(
        host.tell(AgentCommand::Withdraw { agent, message: c }),
        Ok(Reply::Done)
    );
    assert_eq!(host.rooms(), [agent, agent]);
    host.answer(agent, b);
    assert_eq!(host.rooms(), [agent, agent], "nobody waits any more");
}

#[test]
fn who_waits_for_room_is_told_when_the_agent_ends() {
    let mut host = Host::new();
    let agent = host.run("agent", |settings| settings.inbox = 1);
    let _ = [(); 2].map(|()| host.send(agent));
    assert_eq!(host.try_send(agent), Ok(Reply::Full));
    host.stop(agent, StopMode::Cancel);
    assert_eq!(host.rooms(), [agent]);
    assert_eq!(code(host.try_send(agent)), ErrorCode::AgentNotRunning);
}

#[test]
fn a_full_inbox_refuses_when_it_is_told_to() {
    let mut host = Host::recorded();
    let agent = host.run("agent", |settings| {
        settings.inbox = 2;
        settings.overflow = Overflow::Refuse;
    });
    let [a, _, _] = [(); 3].map(|()| host.send(agent));
    assert_eq!(code(host.try_send(agent)), ErrorCode::InboxFull);
    host.answer(agent, a);
    host.send(agent);
    assert_eq!(host.rooms(), []);
}

#[test]
fn a_full_inbox_drops_its_oldest_message_when_it_is_told_to_and_says_so() {
    let mut host = Host::new();
    let agent = host.run("agent", |settings| {
        settings.inbox = 2;
        settings.overflow = Overflow::DropOldest;
    });
    let [a, b, c, d] = [(); 4].map(|()| host.send(agent));
    assert_eq!(host.settled(), [(agent, b, Some(DropReason::Overflow))]);
    let dropped = host.told(|key, fact| match *fact {
        AgentFact::Dropped { message, why } => Some((key, message, why)),
        _ => None,
    });
    assert_eq!(dropped, [(agent, b, DropReason::Overflow)]);
    host.answer(agent, a);
    host.answer(agent, c);
    assert_eq!(host.prompted(), [(agent, a), (agent, c), (agent, d)]);
}

#[test]
fn a_message_that_the_agent_failed_at_takes_no_room_and_is_not_the_oldest() {
    let mut host = Host::consulted();
    let agent = host.run("agent", |settings| {
        settings.inbox = 1;
        settings.overflow = Overflow::DropOldest;
    });
    let a = host.break_down(agent);
    let [b, c] = [(); 2].map(|()| host.send(agent));
    assert_eq!(host.settled(), [(agent, b, Some(DropReason::Overflow))]);
    host.decide(agent, agent, SupervisorAction::Resume);
    host.answer(agent, c);
    assert_eq!(
        host.settled()[1..],
        [(agent, a, Some(DropReason::Failed)), (agent, c, None)]
    );
}

#[test]
fn a_message_that_waits_can_be_taken_back() {
    let mut host = Host::new();
    let agent = host.run("agent", nothing);
    let [a, b, c] = [(); 3].map(|()| host.send(agent));
    let withdraw = AgentCommand::Withdraw { agent, message: b };
    host.done(withdraw);
    assert_eq!(host.settled(), [(agent, b, Some(DropReason::Withdrawn))]);
    assert_eq!(host.tell(withdraw), Ok(Reply::Nothing));
    host.answer(agent, a);
    assert_eq!(host.prompted(), [(agent, a), (agent, c)]);
    assert_eq!(host.aborted(), []);
}

#[test]
fn a_message_that_the_agent_is_at_can_be_taken_back_and_its_answer_is_late() {
    let mut host = Host::new();
    let agent = host.run("agent", nothing);
    let [a, b] = [(); 2].map(|()| host.send(agent));
    host.done(AgentCommand::Withdraw { agent, message: a });
    assert_eq!(host.settled(), [(agent, a, Some(DropReason::Withdrawn))]);
    assert_eq!(host.aborted(), [(agent, a)]);
    assert_eq!(host.prompted(), [(agent, a)], "it is still at it");
    let incarnation = host.agent(agent).incarnation();
    assert_eq!(host.answer_from(agent, incarnation, a), Ok(Reply::Late));
    assert_eq!(host.prompted(), [(agent, a), (agent, b)]);
    assert_eq!(host.settled().len(), 1);
    assert_eq!(host.status(agent), Running);
}

#[test]
fn failing_at_a_message_that_was_taken_back_is_no_failure() {
    let mut host = Host::new();
    let agent = host.run("agent", nothing);
    let message = host.send(agent);
    host.done(AgentCommand::Withdraw { agent, message });
    assert_eq!(host.fail(agent, Some(message), true), Ok(Reply::Late));
    assert_eq!(host.status(agent), Running);
}

#[test]
fn messages_wait_for_an_agent_that_is_about_to_start() {
    let mut host = Host::new();
    host.starts = false;
    let agent = host.run("agent", nothing);
    let message = host.send(agent);
    assert_eq!((host.status(agent), host.prompted()), (Starting, vec![]));
    host.ready(agent);
    assert_eq!(host.prompted(), [(agent, message)]);
}

#[test]
fn an_agent_that_was_not_spawned_or_has_ended_takes_no_messages() {
    let mut host = Host::new();
    let agent = host.add("agent", None, nothing);
    assert_eq!(host.status(agent), Registered);
    assert_eq!(code(host.try_send(agent)), ErrorCode::AgentNotRunning);
    host.spawn(agent);
    host.stop(agent, StopMode::Stop);
    assert_eq!(code(host.try_send(agent)), ErrorCode::AgentNotRunning);
    assert_eq!(code(host.try_send(AgentKey::new(77))), ErrorCode::AgentNotFound);
}

// Failures.

#[test]
fn a_failure_restarts_the_agent_and_its_message_is_answered_with_it() {
    let mut host = Host::new();
    let agent = host.run("agent", nothing);
    let message = host.break_down(agent);
    assert_eq!(host.settled(), [(agent, message, Some(DropReason::Failed))]);
    assert_eq!(host.status(agent), Restarting);
    assert_eq!(host.discarded(), [agent]);
    assert_eq!(host.agent(agent).last_error(), Some("it broke"));
    host.pass(99);
    assert_eq!(host.status(agent), Restarting);
    host.pass(1);
    assert_eq!(host.status(agent), Running);
    assert_eq!(host.agent(agent).incarnation(), Incarnation::new(2));
    assert_eq!(host.agent(agent).restarts(), 1);
}

#[test]
fn queued_messages_survive_a_restart() {
    let mut host = Host::new();
    let agent = host.run("agent", nothing);
    let a = host.send(agent);
    let b = host.send(agent);
    let _ = host.fail(agent, Some(a), true);
    let c = host.send(agent);
    host.pass(100);
    host.answer(agent, b);
    host.answer(agent, c);
    assert_eq!(host.prompted(), [(agent, a), (agent, b), (agent, c)]);
    assert_eq!(host.settled().len(), 3);
}

#[test]
fn a_failure_that_no_other_try_mends_ends_the_agent() {
    let mut host = Host::new();
    let agent = host.run("agent", nothing);
    let [a, b] = [(); 2].map(|()| host.send(agent));
    let _ = host.fail(agent, Some(a), false);
    assert_eq!(host.status(agent), Failed);
    assert_eq!(
        host.settled(),
        [
            (agent, a, Some(DropReason::Failed)),
            (agent, b, Some(DropReason::Stopped))
        ]
    );
    assert_eq!(host.ended(), [agent]);
}

#[test]
fn a_factory_that_fails_is_judged_as_the_agent_is() {
    let mut host = Host::consulted();
    host.starts = false;
    let agent = host.run("agent", nothing);
    assert_eq!(host.fail(agent, None, false), Ok(Reply::Done));
    assert_eq!(host.asked(), [(None, agent, agent)]);
    let failures = host.told(|_, fact| match *fact {
        AgentFact::Failed { failure, .. } => Some(failure),
        _ => None,
    });
    assert_eq!(failures, [AgentFailure::Factory]);
    // What was never made cannot go on: it is begun anew.
    host.decide(agent, agent, SupervisorAction::Resume);
    assert_eq!(host.status(agent), Restarting);
    host.pass(100);
    assert_eq!(host.started(), [agent, agent]);
    host.ready(agent);
    assert_eq!(host.fail(agent, None, false), Ok(Reply::Late), "it was made");
    assert_eq!(host.status(agent), Running);
}

#[test]
fn a_factory_that_takes_too_long_has_failed() {
    let mut host = Host::new();
    host.starts = false;
    let agent = host.run("agent", |settings| settings.message_timeout = Some(50));
    let first = host.agent(agent).incarnation();
    host.pass(49);
    assert_eq!(host.status(agent), Starting);
    host.pass(1);
    assert_eq!(host.status(agent), Restarting);
    assert_eq!(host.discarded(), [agent]);
    let ready = AgentCommand::Ready {
        agent,
        incarnation: first,
    };
    assert_eq!(host.tell(ready), Ok(Reply::Late));
}

#[test]
fn a_message_that_is_held_too_long_is_reported_aborted_and_answered() {
    let mut host = Host::new();
    let agent = host.run("agent", |settings| settings.message_timeout = Some(500));
    let message = host.send(agent);
    let first = host.agent(agent).incarnation();
    host.pass(499);
    assert_eq!((host.status(agent), host.aborted()), (Running, vec![]));
    host.pass(1);
    assert_eq!(host.aborted(), [(agent, message)]);
    assert_eq!(host.settled(), [(agent, message, Some(DropReason::Timeout))]);
    let failures = host.told(|_, fact| match *fact {
        AgentFact::Failed { failure, message, .. } => Some((failure, message)),
        _ => None,
    });
    assert_eq!(failures, [(AgentFailure::Timeout, Some(message))]);
    assert_eq!(host.answer_from(agent, first, message), Ok(Reply::Late));
    host.pass(100);
    assert_eq!(host.status(agent), Running);
    assert_eq!(host.agent(agent).incarnation(), Incarnation::new(2));
    assert_eq!(host.answer_from(agent, first, message), Ok(Reply::Late));
}

#[test]
fn an_agent_may_go_on_with_a_message_that_no_longer_counts() {
    let mut host = Host::consulted();
    let agent = host.run("agent", |settings| settings.message_timeout = Some(500));
    let [a, b] = [(); 2].map(|()| host.send(agent));
    host.pass(500);
    host.decide(agent, agent, SupervisorAction::Resume);
    assert_eq!(host.status(agent), Running);
    assert_eq!(host.settled(), [(agent, a, Some(DropReason::Timeout))]);
    assert_eq!(host.prompted(), [(agent, a)], "it is still at it");
    let incarnation = host.agent(agent).incarnation();
    assert_eq!(host.answer_from(agent, incarnation, a), Ok(Reply::Late));
    assert_eq!(host.prompted(), [(agent, a), (agent, b)]);
    host.answer(agent, b);
    assert_eq!(host.agent(agent).restarts(), 0);
}

#[test]
fn a_time_out_is_over_when_the_message_is_answered() {
    let mut host = Host::new();
    let agent = host.run("agent", |settings| settings.message_timeout = Some(500));
    let a = host.send(agent);
    host.pass(400);
    host.answer(agent, a);
    let b = host.send(agent);
    host.pass(400);
    host.answer(agent, b);
    host.pass(1000);
    assert_eq!(host.status(agent), Running);
    assert!(!host.desk.kernel.has_timer());
}

#[test]
fn a_message_is_given_again_so_often_and_then_kept_as_a_dead_letter() {
    let mut host = Host::new();
    let agent = host.run("agent", |settings| {
        often(settings);
        settings.retry_message = 2;
    });
    let message = host.send(agent);
    for _ in 0..3 {
        assert_eq!(host.settled(), []);
        assert_eq!(host.fail(agent, Some(message), true), Ok(Reply::Done));
        host.pass(1000);
    }
    assert_eq!(host.prompted(), [(agent, message); 3]);
    assert_eq!(host.settled(), [(agent, message, Some(DropReason::Failed))]);
    let (letters, dropped) = host.desk.kernel.dead_letters();
    let letter = &letters[0];
    assert_eq!((letters.len(), dropped), (1, 0));
    assert_eq!((letter.agent, letter.message), (agent, message));
    assert_eq!((&*letter.payload, &*letter.error), (HELLO, "it broke"));
    assert_eq!(letter.deliveries, 3);
    assert_eq!(host.status(agent), Running);
}

#[test]
fn a_message_that_is_given_again_comes_before_those_that_were_sent_after_it() {
    let mut host = Host::new();
    let agent = host.run("agent", |settings| settings.retry_message = 1);
    let [a, b] = [(); 2].map(|()| host.send(agent));
    let _ = host.fail(agent, Some(a), true);
    host.pass(100);
    host.answer(agent, a);
    host.answer(agent, b);
    assert_eq!(host.prompted(), [(agent, a), (agent, a), (agent, b)]);
    assert_eq!(host.settled(), [(agent, a, None), (agent, b, None)]);
}

#[test]
fn a_failure_while_the_agent_is_begun_anew_with_another_gives_the_message_again() {
    let mut host = Host::new();
    let top = host.add("top", None, |settings| settings.strategy = Strategy::OneForAll);
    let a = host.add("a", Some(top), |settings| settings.retry_message = 1);
    let b = host.add("b", Some(top), nothing);
    host.spawn(top);
    let message = host.send(a);
    host.break_down(b);
    assert_eq!(host.status(a), Restarting);
    let _ = host.fail(a, Some(message), true);
    host.forget();
    host.halted(a);
    host.pass(100);
    assert_eq!(host.prompted(), [(a, message)]);
    assert_eq!(host.agent(a).restarts(), 0, "it was not for its own sake");
}

#[test]
fn nothing_from_an_old_start_counts_and_it_is_told_once() {
    let mut host = Host::new();
    let agent = host.run("agent", nothing);
    let old = host.agent(agent).incarnation();
    let message = host.break_down(agent);
    host.pass(100);
    let next = host.send(agent);
    assert_eq!(host.answer_from(agent, old, message), Ok(Reply::Late));
    assert_eq!(host.answer_from(agent, old, next), Ok(Reply::Late));
    for late in [
        AgentCommand::Ready {
            agent,
            incarnation: old,
        },
        AgentCommand::Halted {
            agent,
            incarnation: old,
        },
        AgentCommand::Quit {
            agent,
            incarnation: old,
        },
        AgentCommand::Keep {
            agent,
            incarnation: old,
            state: "1",
        },
        AgentCommand::Fail {
            agent,
            incarnation: old,
            message: Some(next),
            error: "late",
            retryable: true,
        },
        AgentCommand::Decide {
            origin: agent,
            incarnation: old,
            about: agent,
            action: SupervisorAction::Stop,
        },
    ] {
        assert_eq!(host.tell(late), Ok(Reply::Late), "{late:?}");
    }
    let late = host.told(|key, fact| match *fact {
        AgentFact::Late { incarnation } => Some((key, incarnation)),
        _ => None,
    });
    assert_eq!(late, [(agent, old)]);
    assert_eq!((host.status(agent), host.agent(agent).kept()), (Running, None));
    host.answer(agent, next);
}

#[test]
fn what_an_agent_keeps_is_there_when_it_begins_anew() {
    let mut host = Host::new();
    let agent = host.run("agent", nothing);
    let incarnation = host.agent(agent).incarnation();
    host.done(AgentCommand::Keep {
        agent,
        incarnation,
        state: "{\"seen\":1}",
    });
    host.break_down(agent);
    host.pass(100);
    assert_eq!(host.agent(agent).kept(), Some("{\"seen\":1}"));
    let host = host.crashed();
    assert_eq!(host.agent(agent).kept(), Some("{\"seen\":1}"));
}

// Limits of restarts.

#[test]
fn restarts_that_follow_each_other_are_limited_and_an_answer_forgives_them() {
    let mut host = Host::new();
    let agent = host.run("agent", |settings| settings.max_restarts = 2);
    for _ in 0..2 {
        host.break_down(agent);
        host.pass(1000);
    }
    let message = host.send(agent);
    host.answer(agent, message);
    for _ in 0..2 {
        host.break_down(agent);
        host.pass(1000);
        assert_eq!(host.status(agent), Running);
    }
    host.break_down(agent);
    assert_eq!(host.status(agent), Failed);
    assert_eq!(host.agent(agent).restarts(), 4);
}

#[test]
fn restarts_count_within_their_window_and_an_answer_does_not_forgive_them() {
    let mut host = Host::new();
    let agent = host.run("agent", |settings| {
        settings.max_restarts = 2;
        settings.window = Some(10_000);
    });
    host.break_down(agent);
    host.pass(6000);
    host.break_down(agent);
    host.pass(3999);
    let message = host.send(agent);
    host.answer(agent, message);
    host.pass(1);
    // The first one is out of the window now.
    host.break_down(agent);
    assert_eq!(host.status(agent), Restarting);
    host.pass(1000);
    host.break_down(agent);
    assert_eq!(host.status(agent), Failed);
}

#[test]
fn a_restart_counts_to_the_end_of_its_window() {
    let mut host = Host::new();
    let agent = host.run("agent", |settings| {
        settings.max_restarts = 1;
        settings.window = Some(10_000);
    });
    host.break_down(agent);
    host.pass(9999);
    host.break_down(agent);
    assert_eq!(host.status(agent), Failed);
}

#[test]
fn without_a_restart_within_its_limits_the_first_failure_is_the_last() {
    let mut host = Host::new();
    let agent = host.run("agent", |settings| settings.max_restarts = 0);
    host.break_down(agent);
    assert_eq!(host.status(agent), Failed);
}

#[test]
fn waits_before_restarts_grow_to_their_limit_and_begin_small_after_an_answer() {
    let mut host = Host::new();
    let agent = host.run("agent", |settings| {
        often(settings);
        settings.backoff.max_delay = 500;
    });
    for _ in 0..4 {
        host.break_down(agent);
        host.pass(500);
    }
    let message = host.send(agent);
    host.answer(agent, message);
    host.break_down(agent);
    assert_eq!(host.waits(), [100, 200, 400, 500, 100]);
}

#[test]
fn chance_shortens_a_wait_within_its_bounds_and_is_the_same_again() {
    let waits = || {
        let mut host = Host::new();
        let agent = host.run("agent", |settings| {
            often(settings);
            settings.backoff = Backoff {
                delay: 1000,
                max_delay: 1000,
                factor: 1000,
                jitter: 500,
            };
        });
        for _ in 0..20 {
            host.break_down(agent);
            host.pass(1000);
        }
        host.waits()
    };
    let first = waits();
    assert_eq!(first.len(), 20);
    assert!(first.iter().all(|wait| (501..=1000).contains(wait)), "{first:?}");
    let mut different = first.clone();
    different.sort_unstable();
    different.dedup();
    assert!(different.len() > 10, "{first:?}");
    assert_eq!(first, waits());
}

#[test]
fn when_the_clock_is_set_waits_windows_grace_and_time_outs_stay_as_long_as_they_were() {
    for jump in [3_600_000, -3_600_000] {
        let mut host = Host::new();
        let agent = host.run("agent", |settings| {
            settings.max_restarts = 1;
            settings.window = Some(10_000);
            settings.message_timeout = Some(500);
            settings.grace = 700;
        });
        let _ = host.send(agent);
        host.desk.jump(jump);
        host.pass(499);
        assert_eq!(host.status(agent), Running);
        host.pass(1);
        assert_eq!(host.status(agent), Restarting);
        host.desk.jump(jump);
        host.pass(99);
        assert_eq!(host.status(agent), Restarting);
        host.pass(1);
        assert_eq!(host.status(agent), Running);
        host.desk.jump(jump);
        host.pass(9899);
        host.pass(1);
        host.break_down(agent);
        assert_eq!(
            host.status(agent),
            Restarting,
            "the first one is out of the window"
        );
        host.pass(100);
        host.halts = false;
        host.stop(agent, StopMode::Stop);
        host.desk.jump(jump);
        host.pass(699);
        assert_eq!(host.status(agent), Stopping);
        host.pass(1);
        assert_eq!(host.status(agent), Completed);
    }
}

#[test]
fn a_clock_that_is_set_forward_forgives_no_restart() {
    let mut host = Host::new();
    let agent = host.run("agent", |settings| {
        settings.max_restarts = 1;
        settings.window = Some(10_000);
    });
    host.break_down(agent);
    host.pass(100);
    host.desk.jump(3_600_000);
    host.break_down(agent);
    assert_eq!(host.status(agent), Failed);
}

// Who is begun anew with whom.

#[test]
fn one_for_one_begins_the_child_alone_anew() {
    let mut host = Host::new();
    let (top, [a, b, c]) = family(&mut host, Strategy::OneForOne);
    host.break_down(b);
    host.pass(100);
    assert_eq!((host.told_to_go(), host.started()), (vec![], vec![b]));
    assert_eq!(host.statuses([top, a, b, c]), [Running; 4]);
}

#[test]
fn one_for_all_stops_all_children_last_first_and_starts_them_first_first() {
    let mut host = Host::new();
    let (top, [a, b, c]) = family(&mut host, Strategy::OneForAll);
    host.break_down(b);
    assert_eq!(host.told_to_go(), [c, a]);
    assert_eq!(host.discarded(), [b]);
    assert_eq!(host.started(), []);
    host.pass(100);
    assert_eq!(host.started(), [a, b, c]);
    assert_eq!(host.statuses([top, a, b, c]), [Running; 4]);
    let restarts = [a, b, c].map(|child| host.agent(child).restarts());
    assert_eq!(restarts, [0, 1, 0], "it counts for the one that failed");
}

#[test]
fn rest_for_one_takes_those_added_later_with_all_below_them() {
    let mut host = Host::new();
    let (_, [a, b, c]) = family(&mut host, Strategy::RestForOne);
    let below = host.add("below", Some(c), nothing);
    host.spawn(below);
    host.forget();
    host.break_down(b);
    host.pass(100);
    assert_eq!(host.told_to_go(), [below, c]);
    assert_eq!(host.started(), [b, c, below]);
    assert_eq!(host.agent(a).incarnation(), Incarnation::new(1));
}

#[test]
fn siblings_start_one_after_the_other() {
    let mut host = Host::new();
    host.starts = false;
    let top = host.add("top", None, nothing);
    let [a, b] = ["a", "b"].map(|name| host.add(name, Some(top), nothing));
    let below = host.add("below", Some(a), nothing);
    host.spawn(top);
    assert_eq!(host.started(), [top]);
    host.ready(top);
    assert_eq!(host.started(), [top, a]);
    let _ = host.fail(a, None, true);
    assert_eq!(host.started(), [top, a, b], "nobody waits for one that failed");
    host.pass(100);
    assert_eq!(host.started(), [top, a, b, a], "nor for one that comes after it");
    host.ready(a);
    assert_eq!(host.started(), [top, a, b, a, below]);
}

#[test]
fn a_sibling_still_waits_for_one_that_failed_and_begins_anew_at_once() {
    let mut host = Host::new();
    host.starts = false;
    let top = host.add("top", None, nothing);
    let a = host.add("a", Some(top), |settings| settings.backoff.delay = 0);
    let b = host.add("b", Some(top), nothing);
    host.spawn(top);
    host.ready(top);
    let _ = host.fail(a, None, true);
    assert_eq!(host.started(), [top, a, a]);
    host.ready(a);
    assert_eq!(host.started(), [top, a, a, b]);
}

#[test]
fn those_begun_anew_together_start_in_order_even_if_one_was_slow_to_stop() {
    let mut host = Host::new();
    let (_, [a, b, c]) = family(&mut host, Strategy::OneForAll);
    let message = host.send(a);
    host.break_down(b);
    host.pass(1000);
    assert_eq!(host.started(), [], "all must be gone");
    host.answer(a, message);
    host.halted(a);
    host.pass(0);
    assert_eq!(host.started(), [a, b, c]);
}

#[test]
fn a_temporary_agent_is_never_restarted() {
    let temporary = |settings: &mut AgentSettings| settings.restart = RestartType::Temporary;
    let mut host = Host::new();
    let agent = host.run("agent", temporary);
    let message = host.break_down(agent);
    assert_eq!(host.status(agent), Failed);
    assert_eq!(host.settled(), [(agent, message, Some(DropReason::Failed))]);
    // Nor with its siblings; with its parent it is.
    let top = host.add("top", None, |settings| settings.strategy = Strategy::OneForAll);
    let a = host.add("a", Some(top), temporary);
    let b = host.add("b", Some(top), |settings| settings.max_restarts = 1);
    host.spawn(top);
    host.break_down(top);
    host.pass(100);
    assert_eq!(host.statuses([top, a, b]), [Running; 3]);
    host.break_down(b);
    host.pass(1000);
    assert_eq!(host.statuses([top, a, b]), [Running, Cancelled, Running]);
}

#[test]
fn a_temporary_agent_that_was_never_made_ends_when_its_policy_lets_it_go_on() {
    let mut host = Host::consulted();
    host.policy = Some(SupervisorAction::Resume);
    host.starts = false;
    let agent = host.run("agent", |settings| settings.restart = RestartType::Temporary);
    assert_eq!(host.fail(agent, None, true), Ok(Reply::Done));
    assert_eq!((host.status(agent), host.waits()), (Failed, vec![]));
}

#[test]
fn a_permanent_agent_that_ends_by_itself_is_restarted_and_others_are_not() {
    let mut host = Host::new();
    let permanent = host.run("permanent", |settings| settings.restart = RestartType::Permanent);
    let transient = host.run("transient", nothing);
    let temporary = host.run("temporary", |settings| settings.restart = RestartType::Temporary);
    for agent in [permanent, transient, temporary] {
        host.quit(agent);
    }
    assert_eq!(
        host.statuses([permanent, transient, temporary]),
        [Restarting, Completed, Completed]
    );
    let failures = host.told(|key, fact| match *fact {
        AgentFact::Failed { failure, .. } => Some((key, failure)),
        _ => None,
    });
    assert_eq!(failures, [(permanent, AgentFailure::Exit)]);
    host.pass(100);
    assert_eq!(host.status(permanent), Running);
}

#[test]
fn an_agent_that_wants_to_end_answers_the_message_that_it_is_at() {
    let mut host = Host::new();
    let agent = host.run("agent", nothing);
    let [a, b] = [(); 2].map(|()| host.send(agent));
    host.quit(agent);
    assert_eq!(host.status(agent), Running);
    host.answer(agent, a);
    assert_eq!(host.status(agent), Completed);
    assert_eq!(
        host.settled(),
        [(agent, a, None), (agent, b, Some(DropReason::Stopped))]
    );
}

#[test]
fn the_wish_to_end_does_not_outlive_the_start_that_had_it() {
    let mut host = Host::new();
    let agent = host.run("agent", nothing);
    let message = host.send(agent);
    host.quit(agent);
    let _ = host.fail(agent, Some(message), true);
    host.pass(100);
    assert_eq!(host.status(agent), Running);
    host.send(agent);
    assert_eq!(host.prompted().len(), 2);
}

// Who decides.

#[test]
fn the_nearest_ancestor_with_a_policy_is_asked_else_that_of_the_whole() {
    let mut host = Host::consulted();
    let top = host.add("top", None, |settings| settings.supervises = true);
    let mid = host.add("mid", Some(top), nothing);
    let low = host.add("low", Some(mid), |settings| settings.supervises = true);
    host.spawn(top);
    for agent in [low, mid, top] {
        host.break_down(agent);
    }
    assert_eq!(
        host.asked(),
        [(Some(top), low, low), (Some(top), mid, mid), (None, top, top)]
    );
}

#[test]
fn nothing_is_decided_before_the_policy_has_spoken_and_only_once() {
    let mut host = Host::consulted();
    let agent = host.run("agent", nothing);
    let message = host.break_down(agent);
    host.pass(10_000);
    assert_eq!((host.status(agent), host.settled()), (Restarting, vec![]));
    host.decide(agent, agent, SupervisorAction::Resume);
    assert_eq!(host.status(agent), Running);
    assert_eq!(host.settled(), [(agent, message, Some(DropReason::Failed))]);
    let incarnation = host.agent(agent).incarnation();
    assert_eq!(incarnation, Incarnation::new(1));
    let again = AgentCommand::Decide {
        origin: agent,
        incarnation,
        about: agent,
        action: SupervisorAction::Stop,
    };
    assert_eq!(host.tell(again), Ok(Reply::Late));
}

#[test]
fn a_policy_can_stop_an_agent_whatever_it_failed_at() {
    let mut host = Host::consulted();
    let top = host.add("top", None, nothing);
    let low = host.add("low", Some(top), nothing);
    host.spawn(top);
    host.break_down(top);
    host.decide(top, top, SupervisorAction::Stop);
    assert_eq!(host.statuses([top, low]), [Failed, Cancelled]);
}

#[test]
fn children_that_could_not_start_while_their_parent_was_judged_start_when_it_goes_on() {
    let mut host = Host::consulted();
    let top = host.add("top", None, nothing);
    let low = host.add("low", Some(top), nothing);
    host.spawn(top);
    let late = host.add("late", Some(top), nothing);
    host.forget();
    host.break_down(low);
    host.decide(low, low, SupervisorAction::Restart);
    host.break_down(top);
    host.spawn(late);
    host.pass(100);
    assert_eq!(host.started(), []);
    host.decide(top, top, SupervisorAction::Resume);
    assert_eq!(host.started(), [low, late]);
}

#[test]
fn a_failure_walks_up_level_by_level_and_fails_the_tree_at_the_root() {
    let mut host = Host::consulted();
    let top = host.add("top", None, nothing);
    let mid = host.add("mid", Some(top), nothing);
    let low = host.add("low", Some(mid), nothing);
    let beside = host.add("beside", Some(top), nothing);
    host.spawn(top);
    let message = host.break_down(low);
    for about in [low, mid, top] {
        host.decide(low, about, SupervisorAction::Escalate);
    }
    assert_eq!(
        host.asked(),
        [(None, low, low), (None, mid, low), (None, top, low)]
    );
    let escalated = host.told(|key, fact| match *fact {
        AgentFact::Escalated { origin, to } => Some((key, origin, to)),
        _ => None,
    });
    assert_eq!(
        escalated,
        [(low, low, Some(mid)), (mid, low, Some(top)), (top, low, None)]
    );
    assert_eq!(
        host.statuses([top, mid, low, beside]),
        [Failed, Cancelled, Failed, Cancelled]
    );
    assert_eq!(host.settled(), [(low, message, Some(DropReason::Failed))]);
}

#[test]
fn a_restart_of_the_parent_begins_all_below_it_anew_and_their_count_too() {
    let mut host = Host::new();
    let top = host.add("top", None, |settings| settings.max_restarts = 1);
    let low = host.add("low", Some(top), |settings| settings.max_restarts = 1);
    host.spawn(top);
    for _ in 0..4 {
        assert_eq!(host.status(low), Running);
        host.break_down(low);
        host.pass(1000);
    }
    assert_eq!(host.started(), [top, low, low, top, low, low]);
    assert_eq!(host.statuses([top, low]), [Failed; 2]);
    assert_eq!([top, low].map(|agent| host.agent(agent).restarts()), [1, 2]);
}

// Stopping.

#[test]
fn a_stop_takes_the_leaves_first_and_each_may_finish_its_message() {
    let mut host = Host::new();
    let top = host.add("top", None, nothing);
    let [a, b] = ["a", "b"].map(|name| host.add(name, Some(top), nothing));
    let low = host.add("low", Some(b), nothing);
    host.spawn(top);
    let [at, waits] = [(); 2].map(|()| host.send(low));
    host.stop(top, StopMode::Stop);
    assert_eq!(host.statuses([top, a, b, low]), [Stopping; 4]);
    assert_eq!(host.told_to_go(), [low]);
    assert_eq!(host.settled(), [(low, waits, Some(DropReason::Stopped))]);
    host.answer(low, at);
    host.halted(low);
    assert_eq!(host.told_to_go(), [low, b, a, top]);
    assert_eq!(host.ended(), [low, b, a, top]);
    assert_eq!(host.statuses([top, a, b, low]), [Completed; 4]);
    assert_eq!(host.discarded(), []);
}

#[test]
fn an_agent_that_does_not_stop_within_its_grace_is_dropped_and_told_as_overdue() {
    let mut host = Host::new();
    let top = host.add("top", None, nothing);
    let low = host.add("low", Some(top), |settings| settings.grace = 300);
    host.spawn(top);
    let message = host.send(low);
    let incarnation = host.agent(low).incarnation();
    host.stop(top, StopMode::Stop);
    host.pass(299);
    assert_eq!(host.discarded(), []);
    host.pass(1);
    assert_eq!(host.discarded(), [low]);
    assert_eq!(host.settled(), [(low, message, Some(DropReason::Stopped))]);
    let stopped = host.told(|key, fact| match *fact {
        AgentFact::Stopped { overdue, .. } => Some((key, overdue)),
        _ => None,
    });
    assert_eq!(stopped, [(low, true), (top, false)]);
    assert_eq!(host.answer_from(low, incarnation, message), Ok(Reply::Late));
}

#[test]
fn a_factory_that_is_out_of_time_while_its_agent_is_to_stop_is_dropped_after_the_grace() {
    let mut host = Host::new();
    host.starts = false;
    host.halts = false;
    let agent = host.run("agent", |settings| {
        settings.message_timeout = Some(100);
        settings.grace = 300;
    });
    host.stop(agent, StopMode::Stop);
    host.pass(299);
    assert_eq!((host.status(agent), host.discarded()), (Stopping, vec![]));
    host.pass(1);
    assert_eq!((host.status(agent), host.discarded()), (Completed, vec![agent]));
}

#[test]
fn a_cancel_answers_whoever_waits_at_once() {
    let mut host = Host::new();
    let agent = host.run("agent", nothing);
    let [a, b] = [(); 2].map(|()| host.send(agent));
    host.stop(agent, StopMode::Cancel);
    let cancelled = Some(DropReason::Cancelled);
    assert_eq!(host.settled(), [(agent, a, cancelled), (agent, b, cancelled)]);
    assert_eq!(host.aborted(), [(agent, a)]);
    assert_eq!(host.status(agent), Stopping);
    let again = AgentCommand::Stop {
        agent,
        mode: StopMode::Cancel,
        reason: "again",
    };
    assert_eq!(host.tell(again), Ok(Reply::Nothing));
    host.halted(agent);
    assert_eq!(host.status(agent), Cancelled);
    assert_eq!(host.settled().len(), 2);
}

#[test]
fn a_cancel_overtakes_a_stop_but_not_the_other_way_round() {
    let mut host = Host::new();
    let agent = host.run("agent", nothing);
    let message = host.send(agent);
    host.stop(agent, StopMode::Stop);
    assert_eq!(host.settled(), []);
    host.stop(agent, StopMode::Cancel);
    assert_eq!(host.settled(), [(agent, message, Some(DropReason::Cancelled))]);
    let reason = "enough";
    for mode in [StopMode::Stop, StopMode::Drain] {
        let stop = AgentCommand::Stop { agent, mode, reason };
        assert_eq!(host.tell(stop), Ok(Reply::Nothing));
    }
    host.halted(agent);
    assert_eq!(host.status(agent), Cancelled);
}

#[test]
fn a_cancel_reaches_messages_in_a_tree_that_ends_as_failed() {
    let mut host = Host::consulted();
    let top = host.add("top", None, nothing);
    let low = host.add("low", Some(top), nothing);
    host.spawn(top);
    let message = host.send(top);
    host.break_down(low);
    host.decide(low, low, SupervisorAction::Escalate);
    host.decide(low, top, SupervisorAction::Stop);
    host.forget();
    host.stop(top, StopMode::Cancel);
    assert_eq!(host.settled(), [(top, message, Some(DropReason::Cancelled))]);
    host.halted(top);
    assert_eq!(host.status(top), Failed);
}

#[test]
fn a_drain_answers_what_is_there_and_takes_no_more() {
    let mut host = Host::new();
    let agent = host.run("agent", nothing);
    let [a, b] = [(); 2].map(|()| host.send(agent));
    host.stop(agent, StopMode::Drain);
    assert_eq!(host.status(agent), Stopping);
    assert_eq!(code(host.try_send(agent)), ErrorCode::AgentNotRunning);
    host.answer(agent, a);
    // A failure on the way changes nothing about that.
    let _ = host.fail(agent, Some(b), true);
    host.pass(100);
    assert_eq!(host.status(agent), Completed);
    assert_eq!(
        host.settled(),
        [(agent, a, None), (agent, b, Some(DropReason::Failed))]
    );
}

#[test]
fn a_drain_of_an_agent_with_nothing_to_do_ends_it_with_all_below_it() {
    let mut host = Host::new();
    let (top, [a, b, c]) = family(&mut host, Strategy::OneForOne);
    host.stop(top, StopMode::Drain);
    assert_eq!(host.ended(), [c, b, a, top]);
    assert_eq!(host.status(top), Completed);
}

#[test]
fn a_stop_while_a_failure_is_judged_tells_the_sender_of_the_failure() {
    let mut host = Host::consulted();
    let agent = host.run("agent", nothing);
    let message = host.break_down(agent);
    host.stop(agent, StopMode::Stop);
    assert_eq!(host.status(agent), Completed);
    assert_eq!(host.settled(), [(agent, message, Some(DropReason::Failed))]);
    assert_eq!(host.desk.kernel.dead_letters().0.len(), 1);
}

#[test]
fn a_stop_while_an_agent_waits_for_its_restart_ends_it_at_once() {
    let mut host = Host::new();
    let agent = host.run("agent", nothing);
    host.break_down(agent);
    host.stop(agent, StopMode::Stop);
    assert_eq!(host.status(agent), Completed);
    assert!(!host.desk.kernel.has_timer());
    host.spawn(agent);
    assert_eq!(host.status(agent), Running);
    assert_eq!(
        (host.agent(agent).restarts(), host.agent(agent).last_error()),
        (0, None)
    );
}

// The tree.

#[test]
fn a_child_is_not_spawned_below_a_parent_that_does_not_run() {
    let mut host = Host::new();
    let top = host.add("top", None, nothing);
    let low = host.add("low", Some(top), nothing);
    assert_eq!(
        code(host.tell(AgentCommand::Spawn(low))),
        ErrorCode::AgentNotRunning
    );
    host.spawn(top);
    assert_eq!(host.statuses([top, low]), [Running; 2]);
    assert_eq!(host.tell(AgentCommand::Spawn(low)), Ok(Reply::Nothing));
    let message = host.send(top);
    host.stop(top, StopMode::Stop);
    assert_eq!(
        code(host.tell(AgentCommand::Spawn(low))),
        ErrorCode::AgentNotRunning
    );
    host.answer(top, message);
    host.halted(top);
    host.spawn(top);
    assert_eq!(host.statuses([top, low]), [Running; 2]);
}

#[test]
fn a_child_can_be_added_later() {
    let mut host = Host::new();
    let (top, [a, b, c]) = family(&mut host, Strategy::OneForAll);
    let d = host.add("d", Some(top), nothing);
    assert_eq!(host.status(d), Registered);
    assert_eq!(host.agent(top).children(), [a, b, c, d]);
    host.spawn(d);
    host.forget();
    host.break_down(a);
    host.pass(100);
    assert_eq!(host.started(), [a, b, c, d]);
}

#[test]
fn what_has_ended_can_be_removed_with_all_below_it() {
    let mut host = Host::new();
    let (top, [a, b, c]) = family(&mut host, Strategy::OneForOne);
    for agent in [top, b] {
        assert_eq!(
            code(host.tell(AgentCommand::Remove(agent))),
            ErrorCode::IllegalTransition
        );
    }
    host.stop(b, StopMode::Stop);
    host.done(AgentCommand::Remove(b));
    assert_eq!(host.agent(top).children(), [a, c]);
    assert_eq!(host.desk.kernel.agent_name(b), "b");
    assert_eq!(host.desk.kernel.find_agent("b"), None);
    assert_eq!(code(host.try_send(b)), ErrorCode::AgentNotFound);
    let again = host.add("b", Some(top), nothing);
    assert_eq!(again, AgentKey::new(4), "keys are not used again");
    host.stop(top, StopMode::Stop);
    host.done(AgentCommand::Remove(top));
    assert_eq!(host.desk.kernel.agents().count(), 0);
}

#[test]
fn bad_input_is_refused_with_its_code() {
    type Set = fn(&mut AgentSettings);
    const CENTURIES: u64 = u64::MAX / 2;
    let invalid: [Set; 12] = [
        |s| s.inbox = 0,
        |s| s.backoff.factor = 999,
        |s| s.backoff.factor = 100_001,
        |s| s.backoff.jitter = 1001,
        |s| s.backoff.delay = CENTURIES,
        |s| s.backoff.max_delay = CENTURIES,
        |s| s.grace = CENTURIES,
        |s| s.window = Some(CENTURIES),
        |s| s.window = Some(0),
        |s| s.message_timeout = Some(CENTURIES),
        |s| s.message_timeout = Some(0),
        |s| s.backoff.factor = 0,
    ];
    let mut host = Host::new();
    for (place, set) in invalid.into_iter().enumerate() {
        let refused = code(host.try_add("agent", None, set));
        assert_eq!(refused, ErrorCode::InvalidArgument, "{place}");
    }
    let too_large: [Set; 3] = [
        |s| s.max_restarts = 1001,
        |s| s.inbox = 100_001,
        |s| s.retry_message = 101,
    ];
    for (place, set) in too_large.into_iter().enumerate() {
        let refused = code(host.try_add("agent", None, set));
        assert_eq!(refused, ErrorCode::LimitExceeded, "{place}");
    }
    for (name, expected) in [
        ("", ErrorCode::InvalidArgument),
        (" \n", ErrorCode::InvalidArgument),
        (&*"n".repeat(129), ErrorCode::LimitExceeded),
    ] {
        assert_eq!(code(host.try_add(name, None, nothing)), expected, "{name:?}");
    }
    let nobody = AgentKey::new(9);
    assert_eq!(
        code(host.try_add("agent", Some(nobody), nothing)),
        ErrorCode::AgentNotFound
    );
    assert_eq!(host.desk.kernel.agents().count(), 0);
    host.add("agent", None, nothing);
    assert_eq!(code(host.try_add("agent", None, nothing)), ErrorCode::AgentExists);
    let incarnation = Incarnation::new(1);
    let message = Message::new(1);
    for command in [
        AgentCommand::Remove(nobody),
        AgentCommand::Spawn(nobody),
        AgentCommand::Withdraw {
            agent: nobody,
            message,
        },
        AgentCommand::Ready {
            agent: nobody,
            incarnation,
        },
        AgentCommand::Answer {
            agent: nobody,
            incarnation,
            message,
            reply: "",
        },
        AgentCommand::Fail {
            agent: nobody,
            incarnation,
            message: None,
            error: "",
            retryable: true,
        },
        AgentCommand::Decide {
            origin: nobody,
            incarnation,
            about: nobody,
            action: SupervisorAction::Restart,
        },
        AgentCommand::Halted {
            agent: nobody,
            incarnation,
        },
        AgentCommand::Quit {
            agent: nobody,
            incarnation,
        },
        AgentCommand::Stop {
            agent: nobody,
            mode: StopMode::Stop,
            reason: "",
        },
        AgentCommand::Keep {
            agent: nobody,
            incarnation,
            state: "",
        },
    ] {
        assert_eq!(code(host.tell(command)), ErrorCode::AgentNotFound, "{command:?}");
    }
}

#[test]
fn what_is_too_large_is_refused_and_what_is_long_is_cut() {
    let mut host = Host::recorded();
    let agent = host.run("agent", nothing);
    let incarnation = host.agent(agent).incarnation();
    let large = "x".repeat(1024 * 1024 + 1);
    let send = AgentCommand::Send {
        agent,
        payload: &large,
    };
    assert_eq!(code(host.tell(send)), ErrorCode::LimitExceeded);
    let message = host.send(agent);
    let answer = AgentCommand::Answer {
        agent,
        incarnation,
        message,
        reply: &large,
    };
    assert_eq!(code(host.tell(answer)), ErrorCode::LimitExceeded);
    let keep = AgentCommand::Keep {
        agent,
        incarnation,
        state: &large,
    };
    assert_eq!(code(host.tell(keep)), ErrorCode::LimitExceeded);
    host.done(AgentCommand::Fail {
        agent,
        incarnation,
        message: Some(message),
        error: &large,
        retryable: true,
    });
    let error = host.agent(agent).last_error().unwrap();
    assert!(error.len() <= 16 * 1024 && error.ends_with("(cut)"));
}

#[test]
fn a_tree_has_at_most_sixty_four_agents_above_each() {
    let mut host = Host::new();
    let mut parent = None;
    for depth in 0..65 {
        parent = Some(host.add(&depth.to_string(), parent, nothing));
    }
    assert_eq!(
        code(host.try_add("deeper", parent, nothing)),
        ErrorCode::LimitExceeded
    );
    host.spawn(AgentKey::new(0));
    assert_eq!(host.status(parent.unwrap()), Running);
    host.stop(AgentKey::new(0), StopMode::Stop);
    assert_eq!(host.ended().len(), 65);
    assert_eq!(host.ended()[0], parent.unwrap());
}

// Recovery.

#[test]
fn after_a_crash_what_ran_starts_again_when_its_factory_is_there() {
    let mut host = Host::recorded();
    let (top, [a, b, c]) = family(&mut host, Strategy::OneForOne);
    host.stop(b, StopMode::Stop);
    let at = host.send(a);
    let waits = host.send(a);
    let mut host = host.crashed();
    assert_eq!(
        host.statuses([top, a, b, c]),
        [Restarting, Restarting, Completed, Restarting]
    );
    assert!(!host.agent(a).is_attached());
    assert_eq!(host.started(), []);
    let more = host.send(a);
    host.attach(c);
    host.attach(a);
    assert_eq!(host.started(), [], "their parent comes first");
    host.attach(top);
    assert_eq!(host.started(), [top, a, c]);
    assert_eq!(host.prompted(), [(a, at)], "what was not answered comes again");
    host.answer(a, at);
    host.answer(a, waits);
    host.answer(a, more);
    assert_eq!(host.agent(a).incarnation(), Incarnation::new(2));
    assert_eq!(
        code(host.tell(AgentCommand::Spawn(b))),
        ErrorCode::AgentNotFound,
        "its factory is not there"
    );
}

#[test]
fn an_agent_the_journal_knows_is_added_where_it_was() {
    let mut host = Host::new();
    let (top, [a, ..]) = family(&mut host, Strategy::OneForOne);
    let mut host = host.crashed();
    assert_eq!(code(host.try_add("a", None, nothing)), ErrorCode::AgentExists);
    assert_eq!(host.try_add("a", Some(top), nothing), Ok(Reply::Agent(a)));
    assert_eq!(
        code(host.try_add("a", Some(top), nothing)),
        ErrorCode::AgentExists
    );
}

#[test]
fn a_spawn_after_a_crash_leaves_out_what_has_no_factory_and_all_below_it() {
    let mut host = Host::new();
    let top = host.add("top", None, nothing);
    let mid = host.add("mid", Some(top), nothing);
    let low = host.add("low", Some(mid), nothing);
    let mut host = host.crashed();
    host.attach(top);
    host.attach(low);
    host.spawn(top);
    assert_eq!(host.statuses([top, mid, low]), [Running, Registered, Registered]);
    host.attach(mid);
    host.spawn(mid);
    assert_eq!(host.statuses([top, mid, low]), [Running; 3]);
}

#[test]
fn ends_that_were_under_way_end_after_a_crash() {
    let mut host = Host::recorded();
    let top = host.add("top", None, nothing);
    let low = host.add("low", Some(top), nothing);
    host.spawn(top);
    let message = host.send(low);
    host.stop(top, StopMode::Stop);
    assert_eq!(host.statuses([top, low]), [Stopping; 2]);
    let host = host.crashed();
    assert_eq!(host.statuses([top, low]), [Completed; 2]);
    assert_eq!(host.settled(), [(low, message, Some(DropReason::Stopped))]);
}

#[test]
fn a_journal_that_ends_in_the_middle_of_a_stop_still_ends_the_whole_tree() {
    let mut host = Host::recorded();
    let (top, children) = family(&mut host, Strategy::OneForOne);
    let before = host.desk.journal.0.len();
    host.stop(top, StopMode::Stop);
    let config = *host.desk.kernel.config();
    let told = host.desk.crashed(config, before + 1);
    for agent in [top, children[0], children[2]] {
        assert_eq!(told.kernel.agent(agent).unwrap().status(), Completed);
    }
}

#[test]
fn the_wait_before_a_restart_goes_on_after_a_crash() {
    let mut host = Host::new();
    let agent = host.run("agent", |settings| settings.backoff.delay = 1000);
    host.break_down(agent);
    host.pass(400);
    let mut host = host.crashed();
    host.attach(agent);
    host.pass(599);
    assert_eq!(host.status(agent), Restarting);
    host.pass(1);
    assert_eq!(host.status(agent), Running);
}

#[test]
fn the_wait_before_a_restart_goes_on_after_a_crash_while_children_went_down() {
    let mut host = Host::recorded();
    let top = host.add("top", None, |settings| settings.backoff.delay = 1000);
    let low = host.add("low", Some(top), nothing);
    host.spawn(top);
    let message = host.send(low);
    host.break_down(top);
    let mut host = host.crashed();
    host.attach(top);
    host.attach(low);
    host.pass(999);
    assert_eq!(host.started(), []);
    host.pass(1);
    assert_eq!(host.started(), [top, low]);
    assert_eq!(host.prompted(), [(low, message)]);
}

#[test]
fn restarts_before_a_crash_count() {
    let mut host = Host::new();
    let agent = host.run("agent", |settings| {
        settings.max_restarts = 1;
        settings.window = Some(10_000);
    });
    host.break_down(agent);
    host.pass(5000);
    let mut in_time = host.crashed();
    in_time.attach(agent);
    in_time.break_down(agent);
    assert_eq!(in_time.status(agent), Failed);
    host.pass(5000);
    let mut later = host.crashed();
    later.attach(agent);
    later.break_down(agent);
    assert_eq!(later.status(agent), Restarting);
}

#[test]
fn a_message_that_an_agent_failed_at_before_a_crash_is_not_given_again() {
    let mut host = Host::consulted();
    let agent = host.run("agent", nothing);
    let message = host.break_down(agent);
    let mut host = host.crashed();
    host.attach(agent);
    assert_eq!(host.status(agent), Running);
    assert_eq!(host.settled(), [(agent, message, Some(DropReason::Failed))]);
    assert_eq!(host.prompted(), []);
}

#[test]
fn a_message_at_which_the_process_ended_again_and_again_is_poison() {
    for retries in [0, 3] {
        let mut host = Host::recorded();
        let agent = host.run("agent", |settings| settings.retry_message = retries);
        let message = host.send(agent);
        for _ in 1..16 + retries {
            host = host.crashed();
            host.attach(agent);
            assert_eq!(host.prompted(), [(agent, message)]);
        }
        host = host.crashed();
        host.attach(agent);
        assert_eq!(host.prompted(), []);
        assert_eq!(host.settled(), [(agent, message, Some(DropReason::Poisoned))]);
        let (letters, _) = host.desk.kernel.dead_letters();
        assert_eq!(&*letters[0].payload, HELLO);
        assert_eq!(letters[0].deliveries, 16 + retries);
        assert_eq!(host.status(agent), Running);
    }
}

#[test]
fn messages_sent_before_an_agent_is_added_again_stay_where_they_are() {
    for (before, after) in [(true, false), (false, true)] {
        let mut host = Host::new();
        let agent = host.run("agent", |settings| settings.recorded = Some(before));
        let mut host = host.crashed();
        let message = host.send(agent);
        let added = host.try_add("agent", None, |settings| settings.recorded = Some(after));
        assert_eq!(added, Ok(Reply::Agent(agent)));
        assert_eq!(host.prompted(), [(agent, message)]);
        host.answer(agent, message);
        assert_eq!(host.settled(), [(agent, message, None)]);
    }
}

#[test]
fn who_waits_for_room_is_told_when_an_agent_is_added_again_with_a_larger_inbox() {
    let mut host = Host::recorded();
    host.starts = false;
    let agent = host.run("agent", |settings| settings.inbox = 1);
    host.send(agent);
    let mut host = host.crashed();
    host.starts = false;
    assert_eq!(host.try_send(agent), Ok(Reply::Full));
    let added = host.try_add("agent", None, |settings| settings.inbox = 2);
    assert_eq!((added, host.rooms()), (Ok(Reply::Agent(agent)), vec![agent]));
}

#[test]
fn dead_letters_are_limited_and_those_that_were_dropped_are_counted() {
    let mut host = Host::consulted();
    host.policy = Some(SupervisorAction::Resume);
    let agent = host.run("agent", nothing);
    for _ in 0..1003 {
        host.break_down(agent);
    }
    let (letters, dropped) = host.desk.kernel.dead_letters();
    assert_eq!((letters.len(), dropped), (1000, 3));
    assert_eq!(letters[0].message, Message::new(4));
}

// Snapshots.

#[test]
fn a_snapshot_gives_the_same_agents_back() {
    let mut host = Host::recorded();
    let (top, [a, b, c]) = family(&mut host, Strategy::RestForOne);
    let gone = host.add("gone", None, nothing);
    host.done(AgentCommand::Remove(gone));
    let incarnation = host.agent(a).incarnation();
    host.done(AgentCommand::Keep {
        agent: a,
        incarnation,
        state: "[1]",
    });
    host.send(a);
    host.break_down(b);
    host.send(b);
    let mut restored = host.desk.restored();
    assert!(restored.kernel.state() == host.desk.kernel.state());
    assert_eq!(restored.snapshot(), host.desk.snapshot());
    assert_eq!(restored.kernel.find_agent("top"), Some(top));
    assert_eq!(restored.kernel.agent(top).unwrap().children(), [a, b, c]);
    assert_eq!(restored.kernel.agent_name(gone), "gone");
    // And both go on in the same way.
    let mut crashed = host.crashed();
    restored.recover();
    assert!(restored.kernel.state() == crashed.desk.kernel.state());
    for agent in [top, a, b, c] {
        crashed.attach(agent);
        let known = crashed.agent(agent);
        let (name, parent, settings) = (known.name().to_owned(), known.parent(), *known.settings());
        let add = AgentCommand::Add(agent_orchestrator::kernel::NewAgent {
            name: &name,
            parent,
            settings,
        });
        let _ = restored.tell(agent_orchestrator::kernel::Command::Agent(add));
    }
    assert_eq!(crashed.started(), [top, a]);
}

#[test]
fn a_state_without_agents_has_not_one_byte_for_them() {
    let host = Host::new();
    let before = host.desk.snapshot();
    assert!(host.desk.restored().snapshot() == before);
    let mut host = Host::new();
    let agent = host.add("agent", None, nothing);
    assert!(host.desk.snapshot().len() > before.len());
    assert_eq!(host.status(agent), Registered);
}

#[test]
fn a_snapshot_that_ends_among_the_agents_is_refused() {
    let mut host = Host::recorded();
    let agent = host.run("agent", nothing);
    host.send(agent);
    let bytes = host.desk.snapshot();
    let read = |end: &usize| postcard::from_bytes::<State>(&bytes[..*end]).is_ok();
    let readable: Vec<usize> = (1..=bytes.len()).filter(read).collect();
    // The first is what was written before there were agents.
    assert_eq!(readable.len(), 2, "{readable:?} of {}", bytes.len());
    let without: State = postcard::from_bytes(&bytes[..readable[0]]).unwrap();
    let kernel = Kernel::restore(*host.desk.kernel.config(), without);
    assert_eq!(kernel.agents().count(), 0);
}

#[test]
fn the_whole_has_a_policy_only_if_the_host_says_so() {
    assert!(!Config::default().consults);
    let mut host = Host::new();
    let agent = host.run("agent", nothing);
    host.break_down(agent);
    assert_eq!((host.asked(), host.status(agent)), (vec![], Restarting));
}
