//! What must hold in a simulated world when nothing more can go on, and in the end.

use std::collections::BTreeMap;

use agent_orchestrator::runtime::Runtime;
use agent_orchestrator::{AgentNode, AgentStatus, ErrorCode, Overflow};

use super::agent_world::{Checked, World};
use super::agent_world_one::{Fate, One, Stage};

/// Longer than all agents together may take to go, on a journal that takes its time.
const LONG: u64 = 200_000;

impl World {
    pub(super) fn verify(&mut self) -> Checked {
        if self.watch.see().failed
            || self.watch.see().writes
            || self.life.as_ref().is_some_and(|life| life.faulty)
        {
            return Ok(());
        }
        match self.runtime.block_on(self.all().verify()) {
            Some(Ok(_)) => self.done.verified += 1,
            Some(Err(error)) if error.code() == ErrorCode::JournalDamaged => {
                return Err(format!("I2: {error}"));
            }
            // A slow journal, or one that fails.
            _ => {}
        }
        Ok(())
    }

    /// Nothing can go on without time: what must hold of those who wait, and of those who could do something.
    pub(super) fn quiet(&mut self) -> Checked {
        let now = self.runtime.now();
        let seen = &mut *self.watch.see();
        if seen.failed {
            seen.ensure_nothing_left();
            return seen.broken.clone().map_or(Ok(()), Err);
        }
        if seen.writes {
            return Ok(());
        }
        self.done.quiet += 1;
        let all = &self.life.as_ref().unwrap().orchestrator;
        let tree = all.tree().map_err(|error| error.to_string())?;
        if self.done.quiet.is_multiple_of(4) {
            self.hash = all.state_hash().ok().map(|hash| (seen.ledger.seq, hash));
        }
        let names = all.names();
        if !names.iter().eq(seen.ledger.agents.values().map(|one| &one.name)) {
            return Err(format!("I2: there are {names:?}, and the journal has others"));
        }
        let mut nodes = BTreeMap::new();
        flatten(&tree, &mut nodes);
        let ledger = &seen.ledger;
        if nodes.len() != ledger.agents.len() {
            return Err(format!(
                "I2: there are {} agents, and the journal has {}",
                nodes.len(),
                ledger.agents.len()
            ));
        }
        for (key, one) in &ledger.agents {
            let Some(node) = nodes.get(one.name.as_str()) else {
                return Err(format!("I2: {one:?} is not there"));
            };
            // Whether one that held its message for too long is still at it is not in the journal.
            let queued = if one.recorded() && !one.overtime {
                one.queued()
            } else {
                node.queued
            };
            let same = node.status == one.status()
                && (node.incarnation, node.restarts, node.queued, node.attached)
                    == (one.incarnation, one.restarts, queued, one.attached);
            if !same {
                return Err(format!("I2: {node:?} is not as the journal has it: {one:?}"));
            }
            let at = seen.prompts.values().any(|(name, start, message)| {
                *name == one.name && *start == one.incarnation && node.busy == Some(*message)
            });
            let stuck = match (one.stage, one.goal) {
                (Stage::Running, None) if node.busy.is_some() => !at,
                (Stage::Running, None) => node.queued > 0 || one.closing,
                (Stage::Judged(_), None) => true,
                (Stage::Starting, None) => {
                    let starts =
                        |(name, start): &(String, u32)| *name == one.name && *start == one.incarnation;
                    !seen.starting.values().any(starts)
                }
                (_, Some(_)) if !ledger.jumped && now > one.told_at + LONG => true,
                (Stage::Waiting(due), None) => {
                    let parent = one.parent.and_then(|parent| ledger.agents.get(&parent));
                    let beside = |other: &One| other.stage == Stage::Starting || other.goal.is_some();
                    one.attached
                        && due.is_none_or(|due| due <= now && !ledger.jumped)
                        && parent.is_none_or(|parent| parent.runs() && parent.alive)
                        && !ledger.beside(one.parent).any(|(_, other)| beside(other))
                }
                // What it is told to do takes time, or those below it or beside it come first.
                (_, Some(_)) => {
                    !one.alive
                        && !ledger.children(*key).any(|(_, child)| child.goal.is_some())
                        && !ledger
                            .beside(one.parent)
                            .any(|(other, one)| other > *key && one.goal.is_some())
                }
                _ => false,
            };
            if stuck {
                return Err(format!(
                    "I8: nothing is in the way of {one:?}, and nothing happens: {node:?}"
                ));
            }
        }
        for (tag, name) in &seen.callers {
            let one = ledger.find(name);
            let up = one.is_some_and(One::is_up);
            let ends = one.is_some_and(|one| !one.is_down());
            let fits = match ledger.fates.get(tag) {
                Some(Fate::Sent) => true,
                Some(_) => false,
                None if name.starts_with('u') => ends,
                None => one.is_some_and(|one| {
                    up && one.settings.overflow == Overflow::Wait
                        && one.waiting() + usize::from(one.overtime) >= one.settings.inbox as usize
                }),
            };
            if !fits {
                let fate = ledger.fates.get(tag);
                return Err(format!(
                    "answers: the sender of {tag} is forgotten, which is {fate:?}: {one:?}"
                ));
            }
        }
        for (name, _) in seen.mourners.values() {
            if ledger.find(name).is_none_or(One::is_down) {
                return Err(format!("answers: who waits for the end of {name} is forgotten"));
            }
        }
        let dead = self
            .life
            .as_ref()
            .unwrap()
            .orchestrator
            .dead_letters()
            .map_err(|error| error.to_string())?;
        let dead: Vec<_> = dead
            .letters
            .into_iter()
            .map(|one| (one.agent, one.message_id, one.deliveries))
            .collect();
        if !dead.iter().eq(&ledger.dead) {
            return Err(format!(
                "I2: {dead:?} are dead letters, and the journal has {:?}",
                ledger.dead
            ));
        }
        Ok(())
    }

    /// Everything behaves, and is let finish: then all that was accepted is answered.
    pub(super) fn finish(&mut self) -> Checked {
        self.check()?;
        if self.rng.percent(30) {
            // However badly they behave, those that are to go are gone some time.
            self.pass(LONG + 1);
            self.idle()?;
        }
        self.watch.see().calm = true;
        self.faults = 0;
        self.die(true)?;
        for _ in 0..12 {
            self.idle()?;
            self.pass(10_000);
        }
        for spec in self.specs.clone() {
            self.attach(&spec);
        }
        for _ in 0..12 {
            self.idle()?;
            self.pass(10_000);
        }
        self.idle()?;
        {
            let seen = self.watch.see();
            for one in seen.ledger.agents.values() {
                let rests = one.is_down() || one.runs();
                if !rests || !one.inbox.is_empty() || one.busy.is_some() {
                    return Err(format!("I8: all has ended that could, but for {one:?}"));
                }
            }
        }
        self.verify()?;
        self.dispose()?;
        self.runtime.run_until_idle();
        self.check()?;
        self.stop();
        Ok(())
    }
}

fn flatten<'a>(tree: &'a [AgentNode], into: &mut BTreeMap<&'a str, &'a AgentNode>) {
    for node in tree {
        debug_assert!(node.status != AgentStatus::Registered || node.queued == 0);
        into.insert(&node.name, node);
        flatten(&node.children, into);
    }
}
