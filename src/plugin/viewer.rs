//! Who asks, what he may see, and which task he is at.

use std::collections::BTreeSet;

use super::runtime::Role;
use super::service::AgentOrchestratorService;
use crate::kernel::{Kernel, Result, TaskKey, TaskStatus};
use crate::orchestrator::{AgentOrchestrator, OrchestratedTask};

/// Somebody in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Viewer {
    /// The room in which he speaks.
    pub room: String,
    /// Who he is, if that is known.
    pub user: Option<String>,
    /// The world of the room.
    pub world: Option<String>,
    /// What he may see and control.
    pub role: Role,
}

impl Viewer {
    /// A member of a room.
    #[must_use]
    pub fn member(room: impl Into<String>, user: Option<&str>) -> Self {
        Self {
            room: room.into(),
            user: user.map(str::to_owned),
            world: None,
            role: Role::Member,
        }
    }

    /// Whether he sees and controls the task of a room and a world.
    fn may_see(&self, room: Option<&str>, world: Option<&str>) -> bool {
        let of_world = || self.world.is_some() && self.world.as_deref() == world;
        match self.role {
            Role::Owner => true,
            Role::WorldOwner => room == Some(&*self.room) || of_world(),
            Role::Member => room == Some(&*self.room),
        }
    }

    /// Whether he sees and controls a task.
    #[must_use]
    pub fn sees(&self, task: &OrchestratedTask) -> bool {
        self.may_see(task.room_id.as_deref(), task.world_id.as_deref())
    }

    fn room_scope(&self) -> String {
        format!("room:{}", self.room)
    }

    fn user_scope(&self) -> Option<String> {
        let user = self.user.as_ref()?;
        Some(format!("{}|user:{user}", self.room_scope()))
    }

    /// The scopes that have a current task for him, his own first.
    fn scopes(&self) -> impl Iterator<Item = String> {
        self.user_scope().into_iter().chain([self.room_scope()])
    }

    /// The keys of what he sees, newest first.
    fn keys(&self, kernel: &Kernel) -> Vec<TaskKey> {
        let room = kernel.in_room(&self.room).into_iter();
        match self.role {
            Role::Owner => kernel.tasks().rev().map(|(key, _)| key).collect(),
            Role::Member => room.flat_map(|keys| keys.descending(None)).collect(),
            Role::WorldOwner => {
                let world = self.world.as_deref().and_then(|world| kernel.in_world(world));
                let all: BTreeSet<TaskKey> =
                    room.chain(world).flat_map(|keys| keys.descending(None)).collect();
                all.into_iter().rev().collect()
            }
        }
    }
}

/// A task as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) status: TaskStatus,
    pub(super) progress: u8,
}

impl Seen {
    pub(super) fn of(kernel: &Kernel, key: TaskKey) -> Option<Self> {
        let task = kernel.task(key)?;
        Some(Self {
            id: kernel.task_id(key),
            name: task.name().to_owned(),
            status: task.status(),
            progress: task.progress(),
        })
    }
}

impl From<OrchestratedTask> for Seen {
    fn from(task: OrchestratedTask) -> Self {
        Self {
            id: task.id,
            name: task.name,
            status: task.status,
            progress: task.progress,
        }
    }
}

/// What a viewer sees, newest first. Read at once, and without what lists do not show.
pub(super) fn seen_by(orchestrator: &AgentOrchestrator, viewer: &Viewer) -> Result<Vec<Seen>> {
    orchestrator.inspect(|engine| {
        let kernel = engine.kernel();
        let keys = viewer.keys(kernel).into_iter();
        keys.filter_map(|key| Seen::of(kernel, key)).collect()
    })
}

/// Whether there is a task that a viewer does not see and for which this holds.
pub(super) fn is_elsewhere(
    orchestrator: &AgentOrchestrator,
    viewer: &Viewer,
    holds: impl Fn(&str, &str) -> bool,
) -> Result<bool> {
    orchestrator.inspect(|engine| {
        let kernel = engine.kernel();
        kernel.tasks().any(|(key, task)| {
            !viewer.may_see(kernel.room(task), kernel.world(task)) && holds(&kernel.task_id(key), task.name())
        })
    })
}

impl AgentOrchestratorService {
    /// The task that somebody is at: his own, or else, unless he asks for his own, that of the room. One that he may not
    /// see is none.
    ///
    /// # Errors
    /// `DISPOSED` or `POISONED`, as all methods.
    pub fn current_task_of(&self, viewer: &Viewer, mine: bool) -> Result<Option<OrchestratedTask>> {
        let scopes = match viewer.user_scope().filter(|_| mine) {
            Some(own) => vec![own],
            None => viewer.scopes().collect(),
        };
        for scope in scopes {
            let task = self.orchestrator().current_task_in(&scope)?;
            if let Some(task) = task.filter(|task| viewer.sees(task)) {
                return Ok(Some(task));
            }
        }
        Ok(None)
    }

    /// Makes a task the current one of a user and of his room.
    pub(super) async fn select(&self, viewer: &Viewer, task_id: &str) -> Result<()> {
        for scope in viewer.scopes() {
            self.orchestrator().switch_task_in(&scope, Some(task_id)).await?;
        }
        Ok(())
    }

    /// Makes a new task the current one where there is none that its maker sees.
    pub(super) async fn select_where_none(&self, viewer: &Viewer, task_id: &str) {
        for scope in viewer.scopes() {
            let current = self.orchestrator().current_task_in(&scope);
            if current.is_ok_and(|task| !task.is_some_and(|task| viewer.sees(&task))) {
                // The task is there and runs; that it is nobody's current one, for want of room, is no reason to say
                // that it is not.
                let _ = self.orchestrator().switch_task_in(&scope, Some(task_id)).await;
            }
        }
    }
}
