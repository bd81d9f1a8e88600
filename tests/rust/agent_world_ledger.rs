//! What a journal says of agents, told a second time: each event is held against the rules before it is believed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use agent_orchestrator::kernel::{AgentEnd, AgentFact, AgentFailure, Event, Goal, Strategy};
use agent_orchestrator::{Millis, RestartType, Seq};

use super::agent_world_mail::OfMail;
use super::agent_world_one::{Fate, One, Stage};

/// What agents of these worlds fail at a message with. Who is called off says so, too, but no longer counts then.
const SAID: [&str; 6] = [
    "not yet",
    "the model takes no more requests for now",
    "no more",
    "the network failed: unplugged",
    "half",
    "the agent panicked: as the script says",
];

pub(super) type Checked = Result<(), String>;

pub(super) fn ensure(holds: bool, what: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { Err(what()) }
}

/// How much there was to check.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Told {
    pub(crate) events: u64,
    pub(crate) starts: u64,
    pub(crate) restarts: u64,
    /// How often something was to be decided.
    pub(crate) judged: u64,
    pub(crate) messages: u64,
    pub(crate) deliveries: u64,
    pub(crate) again: u64,
    pub(crate) replies: u64,
    pub(crate) drops: [u64; 8],
    pub(crate) escalated: u64,
    pub(crate) resumed: u64,
    pub(crate) dead: u64,
    pub(crate) late: u64,
    pub(crate) overdue: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) seq: Seq,
    at: Millis,
    pub(crate) agents: BTreeMap<u32, One>,
    pub(crate) names: BTreeMap<String, u32>,
    made: u32,
    /// By what each message says of itself.
    pub(crate) fates: BTreeMap<String, Fate>,
    /// What callers were told was not taken.
    pub(crate) refused: BTreeSet<String>,
    /// How agents ended, by name.
    pub(crate) ends: BTreeMap<String, Vec<AgentEnd>>,
    pub(crate) dead: VecDeque<(String, u32, u32)>,
    pub(super) letter: Option<(u32, u32)>,
    /// Those that must be told to go with one that is begun anew.
    with: Vec<u32>,
    /// The number of the last who were told to go together.
    together: u64,
    pub(crate) told: Told,
    /// The clock was set: spans in the journal are not those that passed.
    pub(crate) jumped: bool,
    last: VecDeque<(Seq, Vec<u8>)>,
}

impl Ledger {
    pub(crate) fn find(&self, name: &str) -> Option<&One> {
        self.agents.get(self.names.get(name)?)
    }

    fn one(&mut self, key: u32) -> Result<&mut One, String> {
        self.agents
            .get_mut(&key)
            .ok_or_else(|| format!("there is no agent {key}"))
    }

    pub(crate) fn children(&self, key: u32) -> impl Iterator<Item = (u32, &One)> {
        let all = self.agents.iter().map(|(child, one)| (*child, one));
        all.filter(move |(_, one)| one.parent == Some(key))
    }

    /// Those beside an agent, and itself.
    pub(crate) fn beside(&self, parent: Option<u32>) -> impl Iterator<Item = (u32, &One)> {
        let all = self.agents.iter().map(|(child, one)| (*child, one));
        all.filter(move |(_, one)| parent.is_some() && one.parent == parent)
    }

    pub(crate) fn in_order(&self, parent: u32) -> bool {
        let parent = self.agents.get(&parent);
        parent.is_some_and(|one| one.settings.strategy != Strategy::OneForOne || one.goal.is_some())
    }

    /// The last events, in words.
    pub(crate) fn last_events(&self) -> Vec<String> {
        let told = |(seq, record): &(Seq, Vec<u8>)| {
            let event: Result<(Millis, Event<'_>), _> = postcard::from_bytes(record);
            format!("{seq} {event:?}")
        };
        self.last.iter().map(told).collect()
    }

    /// Takes the next event.
    pub(crate) fn fold(&mut self, record: &[u8]) -> Checked {
        let (at, event): (Millis, Event<'_>) =
            postcard::from_bytes(record).map_err(|error| format!("an event cannot be read: {error}"))?;
        self.seq += 1;
        self.told.events += 1;
        self.last.push_back((self.seq, record.to_vec()));
        if self.last.len() > 60 {
            self.last.pop_front();
        }
        ensure(at >= self.at, || {
            format!("time runs backwards, from {} to {at}", self.at)
        })?;
        self.at = at;
        match event {
            Event::Recovered { .. } => {
                self.with.clear();
                for one in self.agents.values_mut() {
                    (one.attached, one.alive, one.busy) = (false, false, None);
                    one.overtime = false;
                }
                Ok(())
            }
            Event::Agent { agent, fact } => {
                let told = self.fact(at, agent.get(), &fact);
                told.map_err(|broken| {
                    format!("event {}, {fact:?} of agent {}: {broken}", self.seq, agent.get())
                })
            }
            _ => Ok(()),
        }
    }

    /// None below it may run when it goes, and none beside it that has to go first may be left.
    fn goes(&mut self, key: u32) -> Checked {
        let one = self.one(key)?;
        let (parent, gone, was_alive) = (one.parent, one.gone, one.alive);
        let (together, ordered) = (one.together, one.ordered);
        (one.alive, one.busy, one.gone, one.overtime) = (false, None, false, false);
        let below = self.children(key).find(|(_, child)| child.alive);
        ensure(below.is_none(), || format!("{below:?} still runs below it"))?;
        let after = self
            .beside(parent)
            .find(|(other, one)| *other > key && one.goal.is_some() && one.together <= together);
        ensure(!was_alive || gone || !ordered || after.is_none(), || {
            format!("{after:?} was to go before it")
        })
    }

    fn may_start(&self, at: Millis, key: u32, one: &One) -> Checked {
        ensure(one.attached && one.goal.is_none(), || {
            format!("it cannot start: {one:?}")
        })?;
        let Stage::Waiting(due) = one.stage else {
            return Err(format!("it was not to start: {one:?}"));
        };
        ensure(self.jumped || due.is_none_or(|due| due <= at), || {
            format!("it is {at}, and due at {due:?}")
        })?;
        let Some(parent) = one.parent else { return Ok(()) };
        let above = self
            .agents
            .get(&parent)
            .filter(|above| above.runs() && above.alive);
        ensure(above.is_some(), || "the one above it does not run".to_owned())?;
        let elder = self.beside(Some(parent)).find(|(other, beside)| {
            let first =
                beside.stage == Stage::Starting || beside.attached && beside.stage == Stage::Waiting(None);
            *other < key && beside.goal.is_none() && first
        });
        ensure(elder.is_none(), || format!("{elder:?} is to start before it"))?;
        let goes = self
            .beside(Some(parent))
            .find(|(_, beside)| beside.goal.is_some());
        ensure(!self.in_order(parent) || goes.is_none(), || {
            format!("{goes:?} is still to go")
        })
    }

    fn expect_restart(&mut self, at: Millis, key: u32, restarts: u32, due: Millis) -> Checked {
        let jumped = self.jumped;
        let one = self.one(key)?;
        let settings = one.settings;
        ensure(restarts == one.restarts + 1, || {
            format!("it was restarted {} times", one.restarts)
        })?;
        ensure(settings.restart != RestartType::Temporary, || {
            "it is temporary".to_owned()
        })?;
        let spent = match settings.window {
            None => one.streak,
            Some(window) => one.moments.iter().filter(|moment| **moment + window > at).count() as u32,
        };
        if !jumped || settings.window.is_none() {
            ensure(spent < settings.max_restarts, || {
                format!("{spent} restarts count, and {} may", settings.max_restarts)
            })?;
            let wait = due.saturating_sub(at);
            let (least, most) = (
                settings.backoff.wait(spent + 1, u64::MAX),
                settings.backoff.wait(spent + 1, 0),
            );
            ensure((least..=most).contains(&wait), || {
                format!("{wait} is not from {least} to {most}")
            })?;
        }
        one.restarts += 1;
        one.streak += 1;
        one.moments.push(at);
        let parent = one.parent;
        let strategy = parent
            .and_then(|parent| self.agents.get(&parent))
            .map(|parent| parent.settings.strategy);
        let goes = |other: u32| match strategy {
            Some(Strategy::OneForAll) => true,
            Some(Strategy::RestForOne) => other >= key,
            _ => false,
        };
        let with = self
            .beside(parent)
            .map(|(other, _)| other)
            .filter(|other| goes(*other));
        self.with = with.chain([key]).collect();
        self.together += 1;
        Ok(())
    }

    fn fact(&mut self, at: Millis, key: u32, fact: &AgentFact<'_>) -> Checked {
        let going = matches!(
            fact,
            AgentFact::Stopping { .. } | AgentFact::Dropped { .. } | AgentFact::DeadLetter { .. }
        );
        if !going {
            for with in std::mem::take(&mut self.with) {
                let stays = self
                    .agents
                    .get(&with)
                    .filter(|one| !one.is_down() && one.goal.is_none());
                ensure(stays.is_none(), || {
                    format!("{stays:?} was not told to begin anew, too")
                })?;
            }
        }
        if fact.is_of_mail() {
            return self.mail_fact(key, fact);
        }
        match *fact {
            AgentFact::Added {
                name,
                parent,
                settings,
            } => {
                let parent = parent.map(|parent| parent.get());
                if let Some(one) = self.agents.get_mut(&key) {
                    ensure(!one.attached && one.name == name && one.parent == parent, || {
                        format!("{one:?}")
                    })?;
                    (one.attached, one.settings) = (true, settings);
                    return Ok(());
                }
                ensure(key == self.made && !self.names.contains_key(name), || {
                    "it is there".to_owned()
                })?;
                ensure(
                    parent.is_none_or(|parent| self.agents.contains_key(&parent)),
                    || "no parent".to_owned(),
                )?;
                self.made += 1;
                self.names.insert(name.to_owned(), key);
                self.agents.insert(key, One::new(name, parent, settings));
            }
            AgentFact::Removed => {
                ensure(self.children(key).next().is_none(), || {
                    "there are some below it".to_owned()
                })?;
                let one = self.agents.remove(&key).ok_or("it is gone")?;
                ensure(one.is_down() && one.inbox.is_empty(), || format!("{one:?}"))?;
                self.names.remove(&one.name);
            }
            AgentFact::Waiting { due } => {
                if self.one(key)?.is_down() {
                    let parent = self.one(key)?.parent.and_then(|parent| self.agents.get(&parent));
                    ensure(parent.is_none_or(One::is_up), || format!("{parent:?} is not up"))?;
                    let one = self.one(key)?;
                    ensure(one.attached && one.inbox.is_empty(), || format!("{one:?}"))?;
                    (one.restarts, one.starts, one.streak, one.closing) = (0, 0, 0, false);
                    one.moments.clear();
                } else {
                    let one = self.one(key)?;
                    let restarts = matches!(one.goal, Some(Goal::Restart { .. }));
                    ensure(restarts || !one.alive, || {
                        format!("nobody told it to begin anew: {one:?}")
                    })?;
                    self.goes(key)?;
                }
                let one = self.one(key)?;
                (one.stage, one.goal) = (Stage::Waiting(due), None);
            }
            AgentFact::Starting { incarnation, again } => {
                let one = self.agents.get(&key).ok_or("there is no such agent")?;
                self.may_start(at, key, one)?;
                ensure(
                    incarnation.get() == one.incarnation + 1 && again == (one.starts > 0),
                    || format!("it was start {} of {}", one.starts, one.incarnation),
                )?;
                for child in self.agents.values_mut().filter(|child| child.parent == Some(key)) {
                    child.streak = 0;
                    child.moments.clear();
                }
                self.told.starts += 1;
                let one = self.one(key)?;
                (one.stage, one.alive, one.incarnation) = (Stage::Starting, true, incarnation.get());
                one.starts += 1;
            }
            AgentFact::Ready { incarnation } => {
                let one = self.one(key)?;
                let current = one.stage == Stage::Starting && one.incarnation == incarnation.get();
                ensure(current && one.alive, || format!("{one:?}"))?;
                one.stage = Stage::Running;
            }
            AgentFact::Failed {
                incarnation,
                failure,
                message,
                error,
                ..
            } => {
                let said = failure != AgentFailure::Message || SAID.contains(&error);
                ensure(said, || "no agent said that".to_owned())?;
                let one = self.one(key)?;
                let message = message.map(|message| message.get());
                let recorded = one.recorded();
                ensure(one.alive && one.incarnation == incarnation.get(), || {
                    format!("{one:?}")
                })?;
                let fits = match failure {
                    AgentFailure::Factory => one.stage == Stage::Starting && message.is_none(),
                    AgentFailure::Exit => {
                        one.runs() && message.is_none() && one.settings.restart == RestartType::Permanent
                    }
                    AgentFailure::Message | AgentFailure::Timeout => {
                        one.stage == Stage::Running && message.is_some() && (!recorded || one.busy == message)
                    }
                };
                ensure(fits, || format!("it cannot have failed so: {one:?}"))?;
                one.failed = Some((failure, message));
                if failure == AgentFailure::Timeout {
                    one.overtime = true;
                } else {
                    one.busy = None;
                }
                if one.goal.is_some() {
                    one.gone = one.stage == Stage::Starting;
                } else {
                    one.stage = Stage::Judged(key);
                    self.told.judged += 1;
                }
            }
            AgentFact::Resumed => {
                let one = self.one(key)?;
                let fits = matches!(one.stage, Stage::Judged(_)) && one.goal.is_none();
                ensure(
                    fits && one.failed.is_some_and(|failed| failed.0 != AgentFailure::Factory),
                    || format!("{one:?}"),
                )?;
                (one.stage, one.given_up) = (Stage::Running, false);
                self.told.resumed += 1;
            }
            AgentFact::Escalated { origin, to } => {
                let to = to.map(|to| to.get());
                ensure(to == self.one(key)?.parent, || {
                    "that is not the one above".to_owned()
                })?;
                let origin = self.one(origin.get())?;
                ensure(origin.stage == Stage::Judged(key), || {
                    format!("{origin:?} is not judged")
                })?;
                origin.stage = Stage::Judged(to.unwrap_or(key));
                self.told.escalated += 1;
                self.told.judged += u64::from(to.is_some());
            }
            AgentFact::Restarting { restarts, due } => {
                self.told.restarts += 1;
                return self.expect_restart(at, key, restarts, due);
            }
            AgentFact::Stopping { goal, .. } => {
                let parent = self.one(key)?.parent;
                let above = parent.and_then(|parent| self.agents.get(&parent));
                let with_it =
                    above.is_some_and(|above| above.goal.is_some() && above.together == self.together);
                // Those that begin anew together are known beforehand.
                if !with_it && !self.with.contains(&key) {
                    self.together += 1;
                }
                let ordered = parent.is_some_and(|parent| self.in_order(parent));
                let together = self.together;
                let one = self.one(key)?;
                ensure(!one.is_down(), || format!("{one:?}"))?;
                ensure(
                    !matches!(one.goal, Some(Goal::End(_))) || matches!(goal, Goal::End(_)),
                    || format!("{one:?}"),
                )?;
                match goal {
                    Goal::Restart { .. } => ensure(!one.given_up, || {
                        "its message was dropped though it may be tried again".to_owned()
                    })?,
                    Goal::End(_) => one.given_up = false,
                }
                if one.goal.is_none() {
                    (one.together, one.ordered, one.told_at) = (together, ordered, at);
                }
                one.goal = Some(goal);
            }
            AgentFact::Stopped { end, overdue } => {
                self.goes(key)?;
                self.told.overdue += u64::from(overdue);
                let one = self.one(key)?;
                ensure(one.goal == Some(Goal::End(end)), || {
                    format!("it was to end otherwise: {one:?}")
                })?;
                ensure(one.inbox.is_empty(), || format!("messages are left: {one:?}"))?;
                (one.stage, one.goal, one.closing) = (Stage::Ended(end), None, false);
                let name = one.name.clone();
                self.ends.entry(name).or_default().push(end);
            }
            AgentFact::Closing => {
                let one = self.one(key)?;
                ensure(one.is_up() && !one.closing, || format!("{one:?}"))?;
                one.closing = true;
            }
            AgentFact::Steady => {
                let one = self.one(key)?;
                ensure(one.answered || !one.recorded(), || {
                    "it has answered nothing".to_owned()
                })?;
                one.streak = 0;
            }
            AgentFact::Kept { state } => {
                let one = self.one(key)?;
                ensure(one.alive, || format!("{one:?}"))?;
                one.kept = Some(state.to_owned());
            }
            AgentFact::Late { incarnation } => {
                let one = self.one(key)?;
                ensure(
                    one.late < incarnation.get() && incarnation.get() <= one.incarnation,
                    || format!("{one:?}"),
                )?;
                one.late = incarnation.get();
                self.told.late += 1;
            }
            _ => {}
        }
        if let Some(one) = self.agents.get_mut(&key) {
            one.answered = false;
        }
        Ok(())
    }
}
