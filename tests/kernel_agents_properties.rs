//! What holds of supervised agents after any history: random trees, failures, policies, ends, crashes and reports that
//! come late or never, beside a plain model of what should come of them.
//!
//! After each step: what is ordered, answered and due, and where each agent stands, is what the model says. No message is
//! lost: each that was taken ends once, or is still in an inbox. No agent is at two messages. None works while the one
//! above it does not. (I1, refused changes nothing, and I2, the state is the fold of the journal, are checked by the desk.)

#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at what must not happen"
)]

mod rust {
    pub(crate) mod agent_model;
    pub(crate) mod desk;
}

use std::collections::{BTreeMap, BTreeSet};

use agent_orchestrator::kernel::{
    AgentCommand, AgentEffect, AgentKey, AgentSettings, AgentStatus, Backoff, Command, Config, Effect,
    Incarnation, Message, NewAgent, Overflow, Reply, RestartType, StopMode, Strategy as Among,
    SupervisorAction,
};
use proptest::prelude::*;
use rust::agent_model::{Answer, Model, One, Order, Stage, Traits};
use rust::desk::Desk;

/// Enough to find what goes wrong in one of some hundred histories.
const CASES: u32 = 500;
const DEPTH: usize = 4;

/// From which start a report comes.
#[derive(Clone, Copy, Debug)]
enum Of {
    Current,
    Last,
    Never,
}

#[derive(Clone, Debug)]
enum Op {
    Add(Option<usize>, Traits),
    Remove(usize),
    Spawn(usize),
    Send(usize),
    Withdraw(usize, usize),
    Ready(usize, Of),
    Answer(usize, Of),
    Fail(usize, Of, bool),
    FactoryFails(usize, bool),
    /// One that has nothing to do is sent a message and fails at it; it is begun anew if that is to be decided.
    BreakDown(usize),
    Decide(usize, SupervisorAction),
    Halted(usize, Of),
    Quit(usize, Of),
    Stop(usize, StopMode),
    /// Factories and agents do what is asked of them, for so many orders.
    Obey(usize),
    /// Time passes, and what is due happens at its time.
    Pass(u64),
    /// Time passes, and what is due happens too late.
    Late(u64),
    /// The host's clock is set.
    Jump(i64),
    /// The process ends at once and begins anew.
    Crash,
    Attach(usize),
    AttachAll,
}

fn traits() -> impl Strategy<Value = Traits> {
    let window = prop::sample::select(vec![None, None, Some(250), Some(1200_u64)]);
    (
        (
            prop::sample::select(vec![Among::OneForOne, Among::OneForAll, Among::RestForOne]),
            prop::sample::select(vec![
                RestartType::Permanent,
                RestartType::Transient,
                RestartType::Transient,
                RestartType::Temporary,
            ]),
            0..4_u32,
            window,
        ),
        (
            prop::sample::select(vec![0, 100, 1000_u64]),
            prop::sample::select(vec![100, 1500_u64]),
            prop::sample::select(vec![0, 400_u64]),
            1..3_usize,
        ),
        (
            prop::sample::select(vec![Overflow::Wait, Overflow::Refuse, Overflow::DropOldest]),
            prop_oneof![3 => Just(None), 1 => Just(Some(700))],
            prop_oneof![2 => Just(0), 1 => 1..3_u32],
            prop::bool::weighted(0.2),
            any::<bool>(),
        ),
    )
        .prop_map(
            |(
                (strategy, restart, max_restarts, window),
                (delay, max_delay, grace, inbox),
                (overflow, timeout, retry, supervises, recorded),
            )| Traits {
                strategy,
                restart,
                max_restarts,
                window,
                delay,
                max_delay,
                grace,
                inbox,
                overflow,
                timeout,
                retry,
                supervises,
                recorded,
            },
        )
}

fn ops() -> impl Strategy<Value = Op> {
    let agent = || 0..12_usize;
    let of = || prop_oneof![8 => Just(Of::Current), 2 => Just(Of::Last), 1 => Just(Of::Never)];
    let action = prop::sample::select(vec![
        SupervisorAction::Restart,
        SupervisorAction::Restart,
        SupervisorAction::Stop,
        SupervisorAction::Escalate,
        SupervisorAction::Resume,
    ]);
    let mode = prop::sample::select(vec![StopMode::Drain, StopMode::Stop, StopMode::Cancel]);
    prop_oneof![
        2 => (prop::option::weighted(0.8, agent()), traits()).prop_map(|(parent, traits)| Op::Add(parent, traits)),
        1 => agent().prop_map(Op::Remove),
        4 => agent().prop_map(Op::Spawn),
        12 => agent().prop_map(Op::Send),
        1 => (agent(), 0..3_usize).prop_map(|(agent, place)| Op::Withdraw(agent, place)),
        5 => (agent(), of()).prop_map(|(agent, of)| Op::Ready(agent, of)),
        5 => (agent(), of()).prop_map(|(agent, of)| Op::Answer(agent, of)),
        12 => (agent(), of(), prop::bool::weighted(0.8)).prop_map(|(agent, of, retryable)| Op::Fail(agent, of, retryable)),
        14 => agent().prop_map(Op::BreakDown),
        2 => (agent(), prop::bool::weighted(0.7)).prop_map(|(agent, retryable)| Op::FactoryFails(agent, retryable)),
        8 => (agent(), action).prop_map(|(agent, action)| Op::Decide(agent, action)),
        4 => (agent(), of()).prop_map(|(agent, of)| Op::Halted(agent, of)),
        2 => (agent(), of()).prop_map(|(agent, of)| Op::Quit(agent, of)),
        3 => (agent(), mode).prop_map(|(agent, mode)| Op::Stop(agent, mode)),
        10 => (1..20_usize).prop_map(Op::Obey),
        12 => prop::sample::select(vec![0, 1, 99, 100, 100, 150, 400, 1000, 3000]).prop_map(Op::Pass),
        2 => prop::sample::select(vec![100, 1000]).prop_map(Op::Late),
        1 => prop::sample::select(vec![-1_000_000, -500, 500, 1_000_000]).prop_map(Op::Jump),
        2 => Just(Op::Crash),
        3 => agent().prop_map(Op::Attach),
        1 => Just(Op::AttachAll),
    ]
}

/// A tree that runs, and what happens to it.
fn histories() -> impl Strategy<Value = Vec<Op>> {
    let tree = prop::collection::vec((0..8_usize, traits()), 1..8);
    let rest = prop::collection::vec(ops(), 0..90);
    (tree, rest).prop_map(|(tree, rest)| {
        let tree = tree.into_iter().enumerate();
        // The first has nobody above it; then some of those before.
        let add = |(place, (parent, traits)): (usize, (usize, Traits))| {
            Op::Add((place > 0).then_some(parent % place.max(1)), traits)
        };
        let mut all: Vec<Op> = tree.map(add).collect();
        all.extend([Op::Spawn(0), Op::Obey(30)]);
        all.extend(rest);
        all
    })
}

struct Run {
    desk: Desk,
    model: Model,
    jumped: bool,
    /// What is there at the host, by agent: which start, and whether it takes messages.
    alive: BTreeMap<u32, (u32, bool)>,
    /// The message that each agent is at, at the host.
    open: BTreeMap<u32, u32>,
    /// Messages that were taken and have not ended.
    taken: BTreeSet<(u32, u32)>,
}

const fn key(agent: u32) -> AgentKey {
    AgentKey::new(agent)
}

const fn start(incarnation: u32) -> Incarnation {
    Incarnation::new(incarnation)
}

fn order(effect: AgentEffect) -> Order {
    match effect {
        AgentEffect::Start { agent, incarnation } => Order::Start(agent.get(), incarnation.get()),
        AgentEffect::Prompt {
            agent,
            incarnation,
            message,
        } => Order::Prompt(agent.get(), incarnation.get(), message.get()),
        AgentEffect::Settle {
            agent,
            message,
            dropped,
        } => Order::Settle(agent.get(), message.get(), dropped.map(|why| why.as_str())),
        AgentEffect::Abort {
            agent,
            incarnation,
            message,
        } => Order::Abort(agent.get(), incarnation.get(), message.get()),
        AgentEffect::Halt { agent, incarnation } => Order::Halt(agent.get(), incarnation.get()),
        AgentEffect::Discard { agent, incarnation } => Order::Discard(agent.get(), incarnation.get()),
        AgentEffect::Consult { by, about, origin } => {
            Order::Consult(by.map(AgentKey::get), about.get(), origin.get())
        }
        AgentEffect::Room { agent } => Order::Room(agent.get()),
        AgentEffect::Ended { agent } => Order::Ended(agent.get()),
        other => panic!("{other:?}"),
    }
}

impl Run {
    fn new(consults: bool) -> Self {
        let desk = Desk::new(Config {
            consults,
            ..Config::default()
        });
        let model = Model::new(desk.now, consults);
        Self {
            desk,
            model,
            jumped: false,
            alive: BTreeMap::new(),
            open: BTreeMap::new(),
            taken: BTreeSet::new(),
        }
    }

    /// One of the agents that this may be about, or any.
    fn pick(&self, place: usize, fits: impl Fn(&One) -> bool) -> Option<u32> {
        let fitting = self.model.all.iter().filter(|(_, one)| fits(one));
        let fitting: Vec<u32> = fitting.map(|(key, _)| *key).collect();
        let all: Vec<u32> = self.model.all.keys().copied().collect();
        let from = if fitting.is_empty() { all } else { fitting };
        from.get(place % from.len().max(1)).copied()
    }

    fn incarnation(&self, agent: u32, of: Of) -> u32 {
        let current = self.model.all[&agent].incarnation;
        match of {
            Of::Current => current,
            Of::Last => current.saturating_sub(1),
            Of::Never => current + 1,
        }
    }

    fn tell(&mut self, command: AgentCommand<'_>, expected: Answer) {
        let answer = match self.desk.tell(Command::Agent(command)) {
            Ok(Reply::Done) => Answer::Done,
            Ok(Reply::Nothing) => Answer::Nothing,
            Ok(Reply::Late) => Answer::Late,
            Ok(Reply::Full) => Answer::Full,
            Ok(Reply::Message(message)) => Answer::Message(message.get()),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Answer::Refused(error.code()),
        };
        assert_eq!(answer, expected, "{command:?}");
    }

    fn play(&mut self, op: &Op) {
        match *op {
            Op::Add(parent, traits) => {
                let parent = parent.and_then(|place| self.pick(place, |_| true));
                let mut above = parent;
                let mut depth = 1;
                while let Some(key) = above {
                    above = self.model.all[&key].parent;
                    depth += 1;
                }
                if depth <= DEPTH && self.model.all.len() < 12 {
                    let agent = self.model.add(parent, traits);
                    self.add(agent);
                }
            }
            Op::Crash => {
                if !self.jumped {
                    self.crash();
                }
            }
            Op::AttachAll => {
                for agent in self.model.all.keys().copied().collect::<Vec<_>>() {
                    self.attach(agent);
                }
            }
            Op::Pass(span) => self.pass(span),
            Op::Late(span) => {
                self.desk.now += span;
                self.model.now += span;
                self.time_out();
            }
            Op::Jump(by) => {
                self.jumped = true;
                self.desk.jump(by);
            }
            Op::Obey(times) => self.obey(times),
            Op::BreakDown(place) => self.break_down(place),
            _ => self.play_one(op),
        }
        self.check();
    }

    /// What is done to one agent.
    fn play_one(&mut self, op: &Op) {
        let (Op::Remove(place)
        | Op::Spawn(place)
        | Op::Send(place)
        | Op::Withdraw(place, _)
        | Op::Ready(place, _)
        | Op::Answer(place, _)
        | Op::Fail(place, ..)
        | Op::FactoryFails(place, _)
        | Op::Decide(place, _)
        | Op::Halted(place, _)
        | Op::Quit(place, _)
        | Op::Stop(place, _)
        | Op::Attach(place)) = *op
        else {
            unreachable!("{op:?}")
        };
        let works = |one: &One| matches!(one.stage, Stage::Starting | Stage::Running);
        let agent = self.pick(place, |one| match op {
            Op::Ready(..) | Op::FactoryFails(..) => one.stage == Stage::Starting,
            Op::Answer(..) | Op::Fail(..) => one.at.is_some(),
            Op::Decide(..) => matches!(one.stage, Stage::Judged(_)),
            Op::Halted(..) => works(one) && one.status() != AgentStatus::Running,
            Op::Spawn(_) => one.stage == Stage::Registered || one.status().is_terminal(),
            Op::Send(_) => one.stage == Stage::Running,
            _ => true,
        });
        let Some(agent) = agent else { return };
        match *op {
            Op::Remove(_) => {
                let expected = self.model.remove(agent);
                self.tell(AgentCommand::Remove(key(agent)), expected);
            }
            Op::Spawn(_) => {
                let expected = self.model.spawn(agent);
                self.tell(AgentCommand::Spawn(key(agent)), expected);
            }
            Op::Send(_) => {
                let expected = self.model.send(agent);
                let send = AgentCommand::Send {
                    agent: key(agent),
                    payload: "1",
                };
                self.tell(send, expected);
                if let Answer::Message(message) = expected {
                    assert!(self.taken.insert((agent, message)));
                }
            }
            Op::Withdraw(_, place) => {
                let inbox = &self.model.all[&agent].inbox;
                let message = inbox.get(place).map_or(77, |(message, _)| *message);
                let expected = self.model.withdraw(agent, message);
                let withdraw = AgentCommand::Withdraw {
                    agent: key(agent),
                    message: Message::new(message),
                };
                self.tell(withdraw, expected);
            }
            Op::Ready(_, of) => self.ready(agent, self.incarnation(agent, of)),
            Op::Answer(_, of) => self.answer(agent, self.incarnation(agent, of)),
            Op::Fail(_, of, retryable) => {
                let incarnation = self.incarnation(agent, of);
                let message = self.at(agent);
                let expected = self.model.fail(agent, incarnation, Some(message), retryable);
                self.no_longer_at(agent, incarnation);
                let fail = AgentCommand::Fail {
                    agent: key(agent),
                    incarnation: start(incarnation),
                    message: Some(Message::new(message)),
                    error: "it broke",
                    retryable,
                };
                self.tell(fail, expected);
            }
            Op::FactoryFails(_, retryable) => {
                let incarnation = self.incarnation(agent, Of::Current);
                let leaving = self.model.all[&agent].is_to_go();
                let expected = self.model.fail(agent, incarnation, None, retryable);
                let fail = AgentCommand::Fail {
                    agent: key(agent),
                    incarnation: start(incarnation),
                    message: None,
                    error: "it was not made",
                    retryable,
                };
                self.tell(fail, expected);
                if expected == Answer::Done && leaving {
                    self.gone(agent);
                }
            }
            Op::Decide(_, action) => {
                let one = &self.model.all[&agent];
                let about = match one.stage {
                    Stage::Judged(about) => about,
                    _ => agent,
                };
                let incarnation = one.incarnation;
                let expected = self.model.decide(agent, incarnation, about, action);
                let decide = AgentCommand::Decide {
                    origin: key(agent),
                    incarnation: start(incarnation),
                    about: key(about),
                    action,
                };
                self.tell(decide, expected);
            }
            Op::Halted(_, of) => self.halted(agent, self.incarnation(agent, of)),
            Op::Quit(_, of) => {
                let incarnation = self.incarnation(agent, of);
                let expected = self.model.quit(agent, incarnation);
                let quit = AgentCommand::Quit {
                    agent: key(agent),
                    incarnation: start(incarnation),
                };
                self.tell(quit, expected);
            }
            Op::Stop(_, mode) => {
                let expected = self.model.stop(agent, mode);
                let stop = AgentCommand::Stop {
                    agent: key(agent),
                    mode,
                    reason: "enough",
                };
                self.tell(stop, expected);
            }
            Op::Attach(_) => self.attach(agent),
            _ => unreachable!("{op:?}"),
        }
    }

    fn break_down(&mut self, place: usize) {
        let idle = |one: &One| one.stage == Stage::Running && one.at.is_none();
        let Some(agent) = self
            .pick(place, idle)
            .filter(|agent| idle(&self.model.all[agent]))
        else {
            return;
        };
        // In this order these are all about the same agent.
        let place = |run: &Self, fits: fn(&One) -> bool| {
            let fitting = run.model.all.iter().filter(|(_, one)| fits(one));
            fitting.map(|(key, _)| *key).position(|key| key == agent)
        };
        if let Some(place) = place(self, |one| one.stage == Stage::Running) {
            self.play_one(&Op::Send(place));
            self.check();
        }
        if let Some(place) = place(self, |one| one.at.is_some()) {
            self.play_one(&Op::Fail(place, Of::Current, true));
            self.check();
        }
        if let Some(place) = place(self, |one| matches!(one.stage, Stage::Judged(_))) {
            self.play_one(&Op::Decide(place, SupervisorAction::Restart));
        }
    }

    fn add(&mut self, agent: u32) {
        let one = &self.model.all[&agent];
        let traits = one.traits;
        let reply = self.desk.tell(Command::Agent(AgentCommand::Add(NewAgent {
            name: &format!("agent {agent}"),
            parent: one.parent.map(key),
            settings: AgentSettings {
                strategy: traits.strategy,
                restart: traits.restart,
                max_restarts: traits.max_restarts,
                window: traits.window,
                backoff: Backoff {
                    delay: traits.delay,
                    max_delay: traits.max_delay,
                    factor: 2000,
                    jitter: 0,
                },
                grace: traits.grace,
                inbox: u32::try_from(traits.inbox).unwrap(),
                overflow: traits.overflow,
                message_timeout: traits.timeout,
                retry_message: traits.retry,
                supervises: traits.supervises,
                recorded: Some(traits.recorded),
            },
        })));
        assert_eq!(reply, Ok(Reply::Agent(key(agent))));
    }

    fn attach(&mut self, agent: u32) {
        if !self.model.all[&agent].attached {
            self.model.attach(agent);
            self.add(agent);
            self.check();
        }
    }

    /// The message that an agent is at, or some other one.
    fn at(&self, agent: u32) -> u32 {
        let known = self.model.all[&agent].at;
        known.or(self.open.get(&agent).copied()).unwrap_or(1)
    }

    /// It has reported what it was at.
    fn no_longer_at(&mut self, agent: u32, incarnation: u32) {
        if self.alive.get(&agent).is_some_and(|alive| alive.0 == incarnation) {
            self.open.remove(&agent);
        }
    }

    fn ready(&mut self, agent: u32, incarnation: u32) {
        let expected = self.model.ready(agent, incarnation);
        if expected == Answer::Done {
            self.alive.insert(agent, (incarnation, true));
        }
        let ready = AgentCommand::Ready {
            agent: key(agent),
            incarnation: start(incarnation),
        };
        self.tell(ready, expected);
    }

    fn answer(&mut self, agent: u32, incarnation: u32) {
        let message = self.at(agent);
        let expected = self.model.answer(agent, incarnation, message);
        self.no_longer_at(agent, incarnation);
        let answer = AgentCommand::Answer {
            agent: key(agent),
            incarnation: start(incarnation),
            message: Message::new(message),
            reply: "2",
        };
        self.tell(answer, expected);
    }

    fn halted(&mut self, agent: u32, incarnation: u32) {
        let expected = self.model.halted(agent, incarnation);
        if expected == Answer::Done {
            self.gone(agent);
        }
        let halted = AgentCommand::Halted {
            agent: key(agent),
            incarnation: start(incarnation),
        };
        self.tell(halted, expected);
    }

    /// Makes what is to be made and lets go what is to go.
    fn obey(&mut self, times: usize) {
        for _ in 0..times {
            let all = self.model.all.iter();
            let mut works = all.filter(|(_, one)| matches!(one.stage, Stage::Starting | Stage::Running));
            let next = works.find_map(|(agent, one)| {
                let goes = one.is_told_to_go();
                (goes || one.stage == Stage::Starting).then_some((*agent, one.incarnation, goes))
            });
            match next {
                Some((agent, incarnation, true)) => self.halted(agent, incarnation),
                Some((agent, incarnation, false)) => self.ready(agent, incarnation),
                None => return,
            }
            self.check();
        }
    }

    fn time_out(&mut self) {
        self.model.time_out();
        self.desk.time_out();
        self.check();
    }

    fn pass(&mut self, span: u64) {
        let end = self.model.now + span;
        while let Some(wait) = self.model.wait().filter(|wait| self.model.now + wait <= end) {
            self.model.now += wait;
            self.desk.now += wait;
            self.time_out();
        }
        self.desk.now += end - self.model.now;
        self.model.now = end;
    }

    fn crash(&mut self) {
        let config = *self.desk.kernel.config();
        self.desk = self.desk.crashed(config, self.desk.journal.0.len());
        self.model.crash();
        self.alive.clear();
        self.open.clear();
        let recorded = |agent: u32| {
            let one = self.model.all.get(&agent);
            one.is_none_or(|one| one.traits.recorded)
        };
        self.taken.retain(|(agent, _)| recorded(*agent));
    }

    /// There is nothing of it at the host any more.
    fn gone(&mut self, agent: u32) {
        self.alive.remove(&agent);
        self.open.remove(&agent);
        let children = self.model.children(agent);
        let orphan = children.iter().find(|child| self.alive.contains_key(child));
        assert_eq!(orphan, None, "{agent} went before one below it");
    }

    fn check(&mut self) {
        self.desk.fold(|_| ());
        let effects = self.desk.effects().into_iter();
        let mut orders: Vec<Order> = effects
            .filter_map(|effect| match effect {
                Effect::Agent(effect) => Some(order(effect)),
                _ => None,
            })
            .collect();
        for order in &orders {
            self.see(*order);
        }
        let mut expected = std::mem::take(&mut self.model.orders);
        orders.sort_unstable();
        expected.sort_unstable();
        assert_eq!(orders, expected, "what is ordered");
        let kernel = &self.desk.kernel;
        assert_eq!(
            kernel.poll_timeout(self.desk.now),
            self.model.wait(),
            "what is due"
        );
        let known: Vec<u32> = kernel.agents().map(|(key, _)| key.get()).collect();
        let keys: Vec<u32> = self.model.all.keys().copied().collect();
        assert_eq!(known, keys);
        for (agent, one) in &self.model.all {
            let known = kernel.agent(key(*agent)).unwrap();
            let is = (known.status(), known.incarnation().get(), known.restarts());
            assert_eq!(is, (one.status(), one.incarnation, one.restarts), "agent {agent}");
            let is = (kernel.unanswered(key(*agent)), known.is_attached());
            assert_eq!(is, (one.inbox.len(), one.attached), "agent {agent}");
            assert_eq!(
                kernel.prompted(key(*agent)).map(Message::get),
                one.at,
                "agent {agent}"
            );
        }
        let (letters, dropped) = kernel.dead_letters();
        assert_eq!((letters.len(), dropped), (self.model.letters, 0));
        for (agent, message) in &self.taken {
            let is_there = kernel.knows_message(key(*agent), Message::new(*message));
            assert!(is_there, "message {message} to {agent} is lost");
        }
        let unanswered: usize = keys.iter().map(|agent| kernel.unanswered(key(*agent))).sum();
        assert_eq!(
            unanswered,
            self.taken.len(),
            "each message that ended was settled"
        );
    }

    /// Holds one order against what is at the host.
    fn see(&mut self, order: Order) {
        match order {
            Order::Start(agent, incarnation) => {
                let before = self.alive.insert(agent, (incarnation, false));
                assert_eq!(before, None, "{agent} is there twice");
                let parent = self.model.all.get(&agent).and_then(|one| one.parent);
                if let Some(parent) = parent {
                    let runs = self.alive.get(&parent).is_some_and(|alive| alive.1);
                    assert!(runs, "{agent} starts while {parent} does not run");
                }
            }
            Order::Prompt(agent, incarnation, message) => {
                assert_eq!(self.alive.get(&agent), Some(&(incarnation, true)));
                let before = self.open.insert(agent, message);
                assert_eq!(before, None, "{agent} is at two messages");
            }
            Order::Settle(agent, message, _) => {
                let known = self.taken.remove(&(agent, message));
                assert!(known, "message {message} to {agent} ends twice");
            }
            Order::Discard(agent, incarnation) => {
                let alive = self.alive.get(&agent).map(|alive| alive.0);
                assert_eq!(alive, Some(incarnation), "nothing of it is there");
                self.gone(agent);
            }
            Order::Halt(agent, incarnation) => {
                assert_eq!(self.alive.get(&agent).map(|alive| alive.0), Some(incarnation));
            }
            Order::Ended(agent) => assert!(!self.alive.contains_key(&agent)),
            Order::Abort(..) | Order::Consult(..) | Order::Room(_) => {}
        }
    }
}

/// A host where everything goes well, for what a journal leads to.
fn go_well(desk: &mut Desk) {
    let mut orders = desk.effects();
    while !orders.is_empty() {
        for order in std::mem::take(&mut orders) {
            let Effect::Agent(order) = order else { continue };
            let command = match order {
                AgentEffect::Start { agent, incarnation } => AgentCommand::Ready { agent, incarnation },
                AgentEffect::Halt { agent, incarnation } => AgentCommand::Halted { agent, incarnation },
                AgentEffect::Prompt {
                    agent,
                    incarnation,
                    message,
                } => AgentCommand::Answer {
                    agent,
                    incarnation,
                    message,
                    reply: "2",
                },
                _ => continue,
            };
            let _ = desk.tell(Command::Agent(command)).unwrap();
            desk.fold(|_| ());
            orders.extend(desk.effects());
        }
    }
}

/// Wherever the journal ends: what is not over comes up again, answers what it has, and nothing is stuck.
fn comes_up_again(run: &Run, kept: usize) {
    let mut desk = run.desk.crashed(*run.desk.kernel.config(), kept);
    desk.fold(|_| ());
    let agents: Vec<_> = desk
        .kernel
        .agents()
        .map(|(_, agent)| (agent.name().to_owned(), agent.parent(), *agent.settings()))
        .collect();
    for (name, parent, settings) in agents {
        let add = NewAgent {
            name: &name,
            parent,
            settings,
        };
        let _ = desk.tell(Command::Agent(AgentCommand::Add(add))).unwrap();
        desk.fold(|_| ());
    }
    go_well(&mut desk);
    while let Some(wait) = desk.kernel.poll_timeout(desk.now) {
        desk.now += wait;
        desk.time_out();
        go_well(&mut desk);
    }
    for (key, agent) in desk.kernel.agents() {
        let status = agent.status();
        let is_over = status.is_terminal() || status == AgentStatus::Registered;
        assert!(is_over || status == AgentStatus::Running, "{key:?} is {status:?}");
        assert_eq!(desk.kernel.unanswered(key), 0, "{key:?}");
        let parent = agent.parent().and_then(|parent| desk.kernel.agent(parent));
        let runs = parent.is_none_or(|parent| parent.status() == AgentStatus::Running);
        assert!(is_over || runs, "{key:?} runs below one that does not");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: CASES,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn agents_do_what_the_model_does(consults: bool, history in histories()) {
        let mut run = Run::new(consults);
        for op in &history {
            run.play(op);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: CASES / 5,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_tree_comes_up_again_wherever_its_journal_ends(
        consults: bool,
        history in histories(),
        ends in prop::collection::vec(any::<prop::sample::Index>(), 6),
    ) {
        let mut run = Run::new(consults);
        for op in &history {
            run.play(op);
        }
        let all = run.desk.journal.0.len();
        for end in ends {
            comes_up_again(&run, end.index(all) + 1);
        }
    }
}
