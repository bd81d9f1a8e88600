//! What everybody in a simulated world of agents sees: the journal as far as it is durable, who runs, and who waits.
//! What breaks a promise is noted here, since agents that panic are no news.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use agent_orchestrator::journal::{Frame, FrameKind};
use agent_orchestrator::sim::SimulatedJournal;
use agent_orchestrator::{
    AgentContext, AgentError, AgentOrchestrator, AgentOutcome, AgentResult, DropReason, ErrorCode, Journal,
    OrchestratedHandle, OrchestratorError, Overflow, Result, Seq, Stored, async_trait,
};

use super::agent_world_ledger::Ledger;
use super::agent_world_one::Fate;

/// What a process has seen, and what of it must be there after it.
#[derive(Default)]
pub(crate) struct Seen {
    /// For agents that use what they are part of.
    pub(crate) orchestrator: Option<AgentOrchestrator>,
    pub(crate) ledger: Ledger,
    /// Events that were given to the journal, and are not durable yet.
    pub(crate) offered: Vec<(Seq, Vec<u8>)>,
    /// Something is being written.
    pub(crate) writes: bool,
    /// The journal has failed in this life.
    pub(crate) failed: bool,
    pub(crate) disposing: bool,
    /// Everything behaves from now on.
    pub(crate) calm: bool,
    pub(crate) life: u64,
    pub(crate) broken: Option<String>,
    /// Who is at which message: name, start, message.
    pub(crate) prompts: BTreeMap<u64, (String, u32, u32)>,
    /// Who is about to start: name, start.
    pub(crate) starting: BTreeMap<u64, (String, u32)>,
    /// The last message of each agent that is not recorded, in this life.
    order: BTreeMap<(Option<u32>, u32), u32>,
    /// How often a message was given to an agent.
    pub(crate) tries: BTreeMap<String, u32>,
    /// What agents have answered.
    pub(crate) said: BTreeSet<String>,
    /// Messages whose senders wait, with the agent's name.
    pub(crate) callers: BTreeMap<String, String>,
    /// Who waits for the end of which agent, and which of its ends in the journal are too early to be that one.
    pub(crate) mourners: BTreeMap<u64, (String, usize)>,
    pub(crate) overflow: BTreeMap<String, Overflow>,
    pub(crate) counts: Counts,
    next: u64,
}

/// How much happened beside the journal.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) prompts: u64,
    pub(crate) sends: u64,
    pub(crate) answers: u64,
    pub(crate) failures: u64,
    pub(crate) refusals: u64,
    pub(crate) disposed: u64,
    pub(crate) outcomes: u64,
    pub(crate) policies: u64,
    pub(crate) restored: u64,
    pub(crate) left: u64,
    pub(crate) used: u64,
}

/// A look at what is seen. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Watch(Arc<Mutex<Seen>>);

impl Watch {
    pub(crate) fn see(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Code of an agent runs: its start must be durable, and not over.
    pub(crate) fn runs(&self, ctx: &AgentContext, life: u64, what: &str) {
        let mut seen = self.see();
        let found = seen.ledger.find(ctx.name());
        let current = found.is_some_and(|one| one.alive && one.incarnation == ctx.incarnation());
        if !current || seen.life != life {
            let start = ctx.incarnation();
            let broken = format!(
                "{} runs in start {start}, {what}, and the journal has {found:?}",
                ctx.name()
            );
            seen.ensure("I3", false, || broken);
        }
    }

    /// An agent begins to start.
    pub(crate) fn starts(&self, ctx: &AgentContext) -> Doing {
        let mut seen = self.see();
        let number = seen.number();
        seen.starting
            .insert(number, (ctx.name().to_owned(), ctx.incarnation()));
        Doing(self.clone(), number)
    }

    /// An agent begins with a message.
    pub(crate) fn prompted(&self, ctx: &AgentContext, tag: &str) -> Doing {
        let mut seen = self.see();
        seen.counts.prompts += 1;
        let (name, start) = (ctx.name().to_owned(), ctx.incarnation());
        let message = ctx.message_id().unwrap_or_default();
        let other = seen
            .prompts
            .values()
            .find(|(of, at, _)| *of == name && *at == start)
            .cloned();
        seen.ensure("order", other.is_none(), || {
            format!("{name} is at {other:?} and is given {message}")
        });
        let found = seen.ledger.find(&name);
        if let Some(one) = found.filter(|one| one.recorded()) {
            let durable = one.busy == Some(message) && one.has(message);
            let told = (!durable).then(|| format!("{name} was given {message}, and the journal has {one:?}"));
            seen.ensure("P1", durable, || told.unwrap_or_default());
            let known = seen.ledger.fates.get(tag).cloned();
            seen.ensure("P1", known == Some(Fate::Sent), || {
                format!("{name} was given {tag}, which is {known:?}")
            });
        } else {
            // One that was removed may have had the same name.
            let key = seen.ledger.names.get(&name).copied();
            let before = seen.order.insert((key, start), message);
            let in_order = before.is_none_or(|before| before <= message);
            seen.ensure("order", in_order, || {
                format!("{name} was given {message} after {before:?}")
            });
        }
        *seen.tries.entry(tag.to_owned()).or_default() += 1;
        let number = seen.number();
        seen.prompts.insert(number, (name, start, message));
        Doing(self.clone(), number)
    }

    /// A message is sent: what it calls itself.
    pub(crate) fn tag(&self, name: &str) -> String {
        let mut seen = self.see();
        seen.counts.sends += 1;
        let tag = format!("m{}", seen.counts.sends);
        seen.callers.insert(tag.clone(), name.to_owned());
        tag
    }

    /// Whoever sent a message no longer waits.
    pub(crate) fn left(&self, tag: &str) {
        let mut seen = self.see();
        seen.counts.left += 1;
        seen.callers.remove(tag);
    }

    /// Whoever sent a message is told what became of it.
    pub(crate) fn answered(&self, tag: &str, answer: &std::result::Result<AgentResult, AgentError>) {
        let mut seen = self.see();
        let Some(name) = seen.callers.remove(tag) else {
            return seen.ensure("answers", false, || format!("{tag} was answered twice"));
        };
        let fate = seen.ledger.fates.get(tag).cloned();
        let unrecorded = name.starts_with('u');
        let overflow = seen.overflow.get(&name).copied();
        let (over, failed) = (seen.disposing, seen.failed);
        let fits = match answer {
            Ok(result) => {
                seen.counts.answers += 1;
                let own = result.text().split(' ').next() == Some(tag);
                let durable = fate == Some(Fate::Answered(result.text().to_owned()));
                own && seen.said.contains(result.text()) && (durable || unrecorded)
            }
            Err(AgentError::Refused(error)) => match error.code() {
                ErrorCode::AgentNotRunning | ErrorCode::AgentNotFound | ErrorCode::Overloaded => {
                    seen.refuse(tag, fate.is_none())
                }
                ErrorCode::InboxFull => {
                    seen.refuse(tag, fate.is_none() && overflow == Some(Overflow::Refuse))
                }
                code => {
                    seen.counts.disposed += 1;
                    over && code == ErrorCode::Disposed || failed && is_of_journal(code)
                }
            },
            Err(error) => {
                seen.counts.failures += 1;
                let why = match error {
                    AgentError::Stopped(why) => Some(*why),
                    AgentError::TimedOut { .. } => Some(DropReason::Timeout),
                    AgentError::Aborted => Some(DropReason::Cancelled),
                    _ => Some(DropReason::Failed),
                };
                let durable = fate == why.map(Fate::Dropped)
                    || matches!(error, AgentError::Aborted)
                        && fate == Some(Fate::Dropped(DropReason::Failed));
                durable || unrecorded
            }
        };
        seen.ensure("P1", fits, || {
            format!("{tag} to {name} was answered with {answer:?}, and is {fate:?}")
        });
    }

    /// Somebody waits for the end of an agent, which may have ended.
    pub(crate) fn mourns(&self, agent: &OrchestratedHandle) -> u64 {
        let has_ended = agent.is_done();
        let mut seen = self.see();
        let number = seen.number();
        let ends = seen.ledger.ends.get(agent.name()).map_or(0, Vec::len);
        let early = if has_ended { 0 } else { ends };
        seen.mourners.insert(number, (agent.name().to_owned(), early));
        number
    }

    /// Whoever waited for the end of an agent is told of it.
    pub(crate) fn ended(&self, number: u64, outcome: &Result<AgentOutcome>) {
        let mut seen = self.see();
        let Some((name, early)) = seen.mourners.remove(&number) else {
            return seen.ensure("answers", false, || format!("{number} was told twice"));
        };
        seen.counts.outcomes += 1;
        let ends = seen.ledger.ends.get(&name).cloned().unwrap_or_default();
        let fits = match outcome {
            Ok(outcome) => ends
                .iter()
                .skip(early)
                .any(|end| end.as_str() == outcome.status.as_str()),
            Err(error) => match error.code() {
                ErrorCode::AgentNotRunning | ErrorCode::AgentNotFound => true,
                code => seen.disposing && code == ErrorCode::Disposed || seen.failed && is_of_journal(code),
            },
        };
        seen.ensure("P1", fits, || {
            format!("{name} ended with {outcome:?}, and the journal has {ends:?}")
        });
    }

    /// A policy is asked about an agent.
    pub(crate) fn asked(&self, name: &str) -> u64 {
        let mut seen = self.see();
        seen.counts.policies += 1;
        let (asked, judged) = (seen.counts.policies, seen.ledger.told.judged);
        seen.ensure("I3", asked <= judged, || {
            format!("a policy is asked about {name}, the time {asked}, and the journal has {judged} reasons")
        });
        asked
    }
}

/// What a journal fails with.
const fn is_of_journal(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::JournalFailed | ErrorCode::JournalFull | ErrorCode::Conflict
    )
}

impl Seen {
    /// Notes the first promise that is broken.
    pub(crate) fn ensure(&mut self, promise: &str, holds: bool, what: impl FnOnce() -> String) {
        if !holds && self.broken.is_none() {
            self.broken = Some(format!("{promise}: {}", what()));
        }
    }

    pub(crate) const fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn refuse(&mut self, tag: &str, fits: bool) -> bool {
        self.counts.refusals += 1;
        self.ledger.refused.insert(tag.to_owned());
        fits
    }

    pub(crate) fn durable(&mut self, record: &[u8]) {
        let told = self.ledger.fold(record);
        self.ensure("journal", told.is_ok(), || told.unwrap_err());
    }

    /// When nothing can be kept any more, nobody waits, and no agent runs.
    pub(crate) fn ensure_nothing_left(&mut self) {
        let left = (self.callers.first_key_value(), self.mourners.first_key_value());
        let left = format!("{left:?}");
        self.ensure("answers", left == "(None, None)", || {
            format!("{left} wait, and will never be told")
        });
        let runs = self.prompts.values().next().cloned();
        self.ensure("I8", runs.is_none(), || {
            format!("{runs:?} runs on, and all is over")
        });
    }

    /// The process is gone, and with it all that it held.
    pub(crate) fn forget(&mut self) {
        self.callers.clear();
        self.mourners.clear();
        self.prompts.clear();
        self.starting.clear();
        self.order.clear();
        (self.writes, self.failed, self.disposing) = (false, false, false);
        self.life += 1;
    }
}

/// An agent starts, or is at a message.
pub(crate) struct Doing(Watch, u64);

impl Drop for Doing {
    fn drop(&mut self) {
        let mut seen = self.0.see();
        seen.prompts.remove(&self.1);
        seen.starting.remove(&self.1);
    }
}

/// A journal of which is seen what is in it.
pub(crate) struct Watched {
    pub(crate) inner: SimulatedJournal,
    pub(crate) watch: Watch,
}

impl Watched {
    fn done(&self, result: Result<()>) -> Result<()> {
        let mut seen = self.watch.see();
        seen.writes = false;
        seen.failed |= result.is_err();
        result
    }
}

#[async_trait]
impl Journal for Watched {
    async fn load(&self, history: bool) -> Result<Stored> {
        self.inner.load(history).await
    }

    async fn append(&self, expected: Seq, frame: Vec<u8>) -> Result<()> {
        let events: Vec<(Seq, Vec<u8>)> = match Frame::read(&frame) {
            Ok(read) if read.kind == FrameKind::Events => {
                (read.seq..).zip(read.records().map(<[u8]>::to_vec)).collect()
            }
            _ => Vec::new(),
        };
        {
            let mut seen = self.watch.see();
            seen.writes = true;
            let known = seen.ledger.seq;
            seen.ensure("journal", expected == known, || {
                format!("it is at {known}, not {expected}")
            });
            seen.offered.clone_from(&events);
        }
        let result = self.inner.append(expected, frame).await;
        if result.is_ok() {
            let mut seen = self.watch.see();
            seen.offered.clear();
            for (_, record) in &events {
                seen.durable(record);
            }
        }
        self.done(result)
    }

    async fn snapshot(&self, position: Seq, frame: Vec<u8>) -> Result<()> {
        self.watch.see().writes = true;
        self.done(self.inner.snapshot(position, frame).await)
    }

    async fn truncate_before(&self, position: Seq) -> Result<()> {
        self.watch.see().writes = true;
        self.done(self.inner.truncate_before(position).await)
    }

    async fn close(&self) -> Result<()> {
        self.inner.close().await
    }
}

/// A journal that cannot be read again.
pub(crate) fn unreadable(error: &OrchestratorError) -> String {
    format!("P11: what a stop left cannot be read: {error}")
}
