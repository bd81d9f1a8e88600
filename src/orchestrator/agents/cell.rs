//! What the driver holds of each agent.

use std::collections::VecDeque;
use std::sync::Arc;

use futures::channel::oneshot;

use super::desk::Desk;
use super::error::AgentError;
use super::letter::Letter;
use super::life::Life;
use super::message::AgentResult;
use super::outcome::AgentOutcome;
use super::policy::SupervisorPolicy;
use crate::kernel::{AgentKey, AgentSettings, AgentStatus, Incarnation, Message, Result};
use crate::runtime::BoxFuture;

/// Makes the future of one start of an agent.
#[cfg(not(target_family = "wasm"))]
pub(crate) type Launch = Arc<dyn Fn(Life) -> BoxFuture<'static, ()> + Send + Sync>;
/// Makes the future of one start of an agent.
#[cfg(target_family = "wasm")]
pub(crate) type Launch = Arc<dyn Fn(Life) -> BoxFuture<'static, ()>>;

/// A policy, and how many restarts it allows at most.
pub(in crate::orchestrator) type Policy = (Arc<dyn SupervisorPolicy>, Option<u32>);

/// Somebody who waits for the end of an agent.
pub(super) type Mourner = oneshot::Sender<Result<AgentOutcome>>;

/// What the driver holds of one agent.
#[derive(Default)]
pub(super) struct Cell {
    pub(super) launch: Option<Launch>,
    /// Its policy for those below it.
    pub(super) policy: Option<Policy>,
    pub(super) desk: Option<(Incarnation, Arc<Desk>)>,
    /// What is not settled yet, by number.
    pub(super) mail: VecDeque<(Message, Arc<Letter>)>,
    /// What waits for room in the inbox, first come first served.
    pub(super) line: VecDeque<Arc<Letter>>,
    pub(super) mourners: Vec<Mourner>,
    /// Ends that are not told yet, of an agent that was spawned again or removed since.
    pub(super) ends: VecDeque<(AgentOutcome, Vec<Mourner>)>,
    /// How many ends were told.
    pub(super) told: u32,
    pub(super) last: Option<AgentResult>,
    /// Whether this start wants to end after its message.
    pub(super) quits: bool,
    /// Why it last failed, in its own words.
    pub(super) fault: Option<(Incarnation, AgentError)>,
    /// How it stood when it was removed.
    pub(super) gone: Option<AgentStatus>,
}

impl Cell {
    /// The place of a message that is not settled yet. Numbers go up.
    fn place(&self, message: Message) -> Option<usize> {
        match self.mail.front() {
            Some((first, _)) if *first == message => Some(0),
            _ => self
                .mail
                .binary_search_by_key(&message, |(number, _)| *number)
                .ok(),
        }
    }

    pub(super) fn letter(&self, message: Message) -> Option<&Arc<Letter>> {
        self.mail.get(self.place(message)?).map(|(_, letter)| letter)
    }

    pub(super) fn take_letter(&mut self, message: Message) -> Option<Arc<Letter>> {
        let place = self.place(message)?;
        self.mail.remove(place).map(|(_, letter)| letter)
    }

    /// Keeps an answer; a short one in the place of the one before, without asking for memory.
    pub(super) fn remember(&mut self, result: &AgentResult, copy: Option<AgentResult>) {
        match (copy, &mut self.last) {
            (None, Some(last)) => last.clone_from(result),
            (copy, last) => *last = copy.or_else(|| Some(result.clone())),
        }
    }

    /// Where the agent of this start sits.
    pub(super) fn desk(&self, incarnation: Incarnation) -> Option<&Arc<Desk>> {
        let (current, desk) = self.desk.as_ref()?;
        (*current == incarnation).then_some(desk)
    }
}

/// All agents, by their keys.
#[derive(Default)]
pub(in crate::orchestrator) struct Cells {
    cells: Vec<Cell>,
    /// Asked when no agent above has a policy.
    pub(super) policy: Option<Policy>,
    pub(super) defaults: Defaults,
    /// Nothing will be done any more.
    pub(super) stranded: bool,
}

/// What agents have that do not say.
#[derive(Clone, Copy, Debug)]
pub(in crate::orchestrator) struct Defaults {
    /// How many messages may wait in an inbox.
    pub(in crate::orchestrator) inbox: u32,
    pub(in crate::orchestrator) max_restarts: Option<u32>,
}

impl Default for Defaults {
    fn default() -> Self {
        Self {
            inbox: AgentSettings::default().inbox,
            max_restarts: None,
        }
    }
}

impl Cells {
    pub(in crate::orchestrator) fn new(policy: Option<Policy>, defaults: Defaults) -> Self {
        Self {
            policy,
            defaults,
            ..Self::default()
        }
    }

    /// The cell of an agent that the kernel knows.
    pub(super) fn cell(&mut self, key: AgentKey) -> &mut Cell {
        let index = key.index();
        if index >= self.cells.len() {
            self.cells.resize_with(index + 1, Cell::default);
        }
        &mut self.cells[index]
    }

    pub(super) fn get(&self, key: AgentKey) -> Option<&Cell> {
        self.cells.get(key.index())
    }

    pub(super) fn get_mut(&mut self, key: AgentKey) -> Option<&mut Cell> {
        self.cells.get_mut(key.index())
    }

    pub(super) fn all(&mut self) -> impl Iterator<Item = &mut Cell> {
        self.cells.iter_mut()
    }

    /// Everything foreign that is held, to be dropped once the lock is released.
    pub(in crate::orchestrator) fn let_go(&mut self) -> impl Sized + use<> {
        let policy = self.policy.take();
        let held = self.cells.iter_mut().map(|cell| {
            let fault = cell.fault.take();
            (cell.launch.take(), cell.policy.take(), fault)
        });
        (policy, held.collect::<Vec<_>>())
    }
}
