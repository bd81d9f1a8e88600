//! Looks at the past: the state after any event that is still kept, what changed between two, and going on from one.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use super::agent_orchestrator::{AgentOrchestrator, TaskPage};
use super::builder::AgentOrchestratorBuilder;
use super::engine::Engine;
use super::query::ListQuery;
use super::replay;
use super::task::OrchestratedTask;
use super::task_context::task_context;
use crate::journal::{Frame, FrameKind, Journal, MemoryJournal, hash_of, recover};
use crate::kernel::{ErrorCode, Kernel, Millis, OrchestratorError, Result, Seq, TaskStatus};

/// The state after an event of the past. It never changes.
#[derive(Clone)]
pub struct PastState {
    engine: Arc<Engine>,
}

impl PastState {
    pub(crate) fn kernel(&self) -> &Kernel {
        self.engine.kernel()
    }

    /// Position of the event after which this was the state.
    #[must_use]
    pub fn seq(&self) -> Seq {
        self.kernel().seq()
    }

    /// The time of that event.
    #[must_use]
    pub fn at(&self) -> Millis {
        self.kernel().at()
    }

    /// A task as it was.
    #[must_use]
    pub fn get_task(&self, task_id: &str) -> Option<OrchestratedTask> {
        let key = self.kernel().find_task(task_id)?;
        OrchestratedTask::of(self.kernel(), key)
    }

    /// Tasks that met all conditions, a page at a time.
    ///
    /// # Errors
    /// As [`AgentOrchestrator::list_tasks`].
    pub fn list_tasks(&self, query: &ListQuery) -> Result<TaskPage> {
        TaskPage::of(self.kernel(), query)
    }

    /// How many tasks had this status.
    #[must_use]
    pub fn count_tasks(&self, status: TaskStatus) -> usize {
        self.kernel().count(status)
    }

    /// The task that the user was at.
    #[must_use]
    pub fn current_task(&self) -> Option<OrchestratedTask> {
        OrchestratedTask::of(self.kernel(), self.kernel().current()?)
    }

    /// The task that a scope was at.
    #[must_use]
    pub fn current_task_in(&self, scope: &str) -> Option<OrchestratedTask> {
        OrchestratedTask::of(self.kernel(), self.kernel().current_in(scope)?)
    }

    /// What [`AgentOrchestrator::task_context`] gave.
    #[must_use]
    pub fn task_context(&self) -> String {
        task_context(self.kernel(), None)
    }

    /// What [`AgentOrchestrator::state_hash`] gave.
    #[must_use]
    pub fn state_hash(&self) -> String {
        self.engine.state_hash()
    }
}

impl fmt::Debug for PastState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PastState")
            .field("seq", &self.seq())
            .finish_non_exhaustive()
    }
}

/// A task that is another one than it was.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskChange {
    /// The id.
    pub task_id: String,
    /// Names of the fields that differ, as in JSON.
    pub fields: Vec<String>,
    /// How it was.
    pub before: OrchestratedTask,
    /// How it was later.
    pub after: OrchestratedTask,
}

/// What changed between two positions.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StateDiff {
    /// The first position.
    pub from: Seq,
    /// The second position.
    pub to: Seq,
    /// Tasks that are only in the second state.
    pub created: Vec<OrchestratedTask>,
    /// Tasks that are only in the first state.
    pub deleted: Vec<OrchestratedTask>,
    /// Tasks that differ.
    pub changed: Vec<TaskChange>,
}

impl StateDiff {
    /// What changed from one state to the other one.
    #[must_use]
    pub fn between(before: &Kernel, after: &Kernel) -> Self {
        let mut diff = Self {
            from: before.seq(),
            to: after.seq(),
            ..Self::default()
        };
        for (key, task) in after.tasks() {
            let Some(now) = OrchestratedTask::of(after, key) else {
                continue;
            };
            match (before.task(key), OrchestratedTask::of(before, key)) {
                // The same in all that the kernel keeps; what is looked up elsewhere is no change of the task.
                (Some(was), _) if was == task => {}
                (_, Some(was)) => diff.changed.extend(change(was, now)),
                (_, None) => diff.created.push(now),
            }
        }
        let gone = before.tasks().filter(|(key, _)| after.task(*key).is_none());
        diff.deleted = gone
            .filter_map(|(key, _)| OrchestratedTask::of(before, key))
            .collect();
        diff
    }
}

fn change(before: OrchestratedTask, after: OrchestratedTask) -> Option<TaskChange> {
    let object = |task: &OrchestratedTask| match serde_json::to_value(task) {
        Ok(Value::Object(fields)) => fields,
        // A task is an object.
        _ => serde_json::Map::new(),
    };
    let (was, now) = (object(&before), object(&after));
    let mut fields: Vec<String> = was
        .keys()
        .chain(now.keys())
        .filter(|name| was.get(*name) != now.get(*name))
        .cloned()
        .collect();
    fields.sort_unstable();
    fields.dedup();
    (!fields.is_empty()).then(|| TaskChange {
        task_id: after.id.clone(),
        fields,
        before,
        after,
    })
}

/// What a check of the journal found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verification {
    /// Position of the last event that was checked.
    pub seq: Seq,
    /// How many events were folded.
    pub events: u64,
    /// The hash of the state that they lead to, which is that of the orchestrator.
    pub state_hash: String,
    /// The hash of the journal.
    pub journal_hash: String,
}

/// Holds what a journal has kept against what an orchestrator says of itself at the same position.
pub(crate) fn verify<'a>(
    frames: impl IntoIterator<Item = &'a [u8]>,
    said: Verification,
) -> Result<Verification> {
    let (kernel, hash, events) = replay::verify(&recover(frames)?, said.seq)?;
    let found = Verification {
        seq: kernel.seq(),
        events,
        state_hash: hash_of(kernel.state()),
        journal_hash: format!("{hash:032x}"),
    };
    let said = Verification { events, ..said };
    if found == said {
        return Ok(found);
    }
    Err(OrchestratorError::new(
        ErrorCode::JournalDamaged,
        format!("the journal leads to {found:?}, and the orchestrator is at {said:?}"),
    ))
}

/// Puts an exported journal into an empty one.
///
/// # Errors
/// `CONFLICT` when that is not empty, `JOURNAL_DAMAGED` when the bytes are no whole journal, `JOURNAL_VERSION` when they
/// are of a later version, or what the journal says.
pub async fn import_journal(journal: &dyn Journal, bytes: &[u8]) -> Result<()> {
    let found = recover([bytes])?;
    if found.cut() > 0 || found.frames().is_empty() {
        return Err(OrchestratorError::new(
            ErrorCode::JournalDamaged,
            "this is no whole journal; nothing was changed",
        ));
    }
    if !journal.load(false).await?.frames.is_empty() {
        return Err(OrchestratorError::new(
            ErrorCode::Conflict,
            "the journal is not empty; import into a new one",
        ));
    }
    let (mut position, mut at) = (0, 0);
    for frame in found.frames() {
        let end = at + Frame::len(frame);
        let whole = bytes[at..end].to_vec();
        at = end;
        match frame.kind {
            FrameKind::Snapshot => journal.snapshot(frame.seq, whole).await?,
            FrameKind::Events | FrameKind::Closed => journal.append(position, whole).await?,
        }
        position = frame.last();
    }
    Ok(())
}

impl AgentOrchestrator {
    /// The state after an event: any event that is still kept.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for a position that is not reached yet, `HISTORY_GONE` for one that is no longer kept.
    pub async fn at(&self, seq: Seq) -> Result<PastState> {
        let frames = self.history().await?;
        let engine = Arc::new(Engine::past(frames.iter().map(Vec::as_slice), seq)?);
        Ok(PastState { engine })
    }

    /// What changed between two positions.
    ///
    /// # Errors
    /// As [`at`](Self::at).
    pub async fn diff(&self, from: Seq, to: Seq) -> Result<StateDiff> {
        let frames = self.history().await?;
        let at = |seq| Engine::past(frames.iter().map(Vec::as_slice), seq);
        Ok(StateDiff::between(at(from)?.kernel(), at(to)?.kernel()))
    }

    /// Opens another orchestrator that goes on from the state after an event. It has the providers and options of the
    /// builder, and its journal, which must be empty; one in memory if there is none. Attempts that were under way are
    /// interrupted.
    ///
    /// # Errors
    /// As [`at`](Self::at) and as `build`; `CONFLICT` when the builder's journal is not empty.
    pub async fn fork(&self, seq: Seq, builder: AgentOrchestratorBuilder) -> Result<Self> {
        let frames = self.history().await?;
        let mut past = Engine::past(frames.iter().map(Vec::as_slice), seq)?;
        let frame = past.fork(self.random())?;
        let journal = match builder.kept() {
            Some(journal) => journal,
            None => Arc::new(MemoryJournal::new()),
        };
        import_journal(&*journal, &frame).await?;
        builder.shared_journal(journal).reopen(self.runtime()).await
    }

    /// Replays the journal from its first event (or its oldest snapshot) and holds the result against the state.
    ///
    /// # Errors
    /// `JOURNAL_DAMAGED` when they differ, or what the journal says.
    pub async fn verify(&self) -> Result<Verification> {
        self.flush().await?;
        let said = self.described()?;
        let frames = self.history().await?;
        verify(frames.iter().map(Vec::as_slice), said)
    }

    /// The journal as one file, the same bytes on every host: what is needed to go on, or with `history` everything
    /// that is kept. [`import_journal`] reads it.
    ///
    /// # Errors
    /// What the journal says.
    pub async fn export_journal(&self, history: bool) -> Result<Vec<u8>> {
        self.stored(history).await.map(|frames| frames.concat())
    }

    /// Takes a snapshot at the next opportunity, so that the journal gets short. Does nothing without a journal.
    ///
    /// # Errors
    /// `DISPOSED` or the journal's error.
    pub async fn compact(&self) -> Result<()> {
        self.compact_soon()?;
        self.flush().await
    }
}
