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
    Message, Overflow, Reply, RestartType, StopMode, Strategy, SupervisorAction,
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
