//! The methods that the earlier system's service had, by their names. Each is a call of the orchestrator.

use super::service::AgentOrchestratorService;
use crate::kernel::{
    Attempt, ErrorCode, OrchestratorError, Reply, Result, TaskKey, TaskStatus, TaskUserStatus, Verb, status,
};
use crate::orchestrator::{
    CreateTask, ListQuery, OrchestratedTask, TaskResult, TaskRun, TaskStep, not_found,
};

impl AgentOrchestratorService {
    /// The id of the current task of the whole orchestrator. Rooms and users have [their own](Self::respond).
    #[must_use]
    pub fn get_current_task_id(&self) -> Option<String> {
        let current = self.orchestrator().current_task();
        current.ok().flatten().map(|task| task.id)
    }

    /// The current task of the whole orchestrator.
    ///
    /// # Errors
    /// `DISPOSED` or `POISONED`, as all methods.
    pub async fn get_current_task(&self) -> Result<Option<OrchestratedTask>> {
        self.orchestrator().current_task()
    }

    /// Makes a task, or none, the current one of the whole orchestrator.
    ///
    /// # Errors
    /// `TASK_NOT_FOUND`, or the journal's.
    pub async fn set_current_task(&self, task_id: Option<&str>) -> Result<()> {
        if let Some(id) = task_id {
            self.look_up(id)?;
        }
        self.orchestrator().switch_task(task_id).await.map(|_| ())
    }

    /// Creates a task; it waits to be started. Without a provider, the active one does it: see
    /// [`active_provider_id`](Self::active_provider_id).
    ///
    /// # Errors
    /// `PROVIDER_NOT_FOUND`, with those that there are, and as [`create_task`](crate::AgentOrchestrator::create_task).
    pub async fn create_task(
        &self,
        name: &str,
        description: &str,
        room_id: Option<&str>,
        provider_id: Option<&str>,
    ) -> Result<OrchestratedTask> {
        let provider = match provider_id {
            Some(id) => self.known_provider(id)?,
            None => self.active_provider_id()?,
        };
        let world = match room_id {
            Some(room) => self.runtime().room(room).await.and_then(|room| room.world_id),
            None => None,
        };
        let mut order = CreateTask::new(name).description(description).provider(provider);
        order.room_id = room_id.map(str::to_owned);
        order.world_id = Some(self.world_or_agent(world));
        self.orchestrator().create_task(order).await
    }

    /// The same as [`create_task`](Self::create_task), by its older name.
    ///
    /// # Errors
    /// As [`create_task`](Self::create_task).
    pub async fn create_code_task(
        &self,
        name: &str,
        description: &str,
        room_id: Option<&str>,
        sub_agent_type: Option<&str>,
    ) -> Result<OrchestratedTask> {
        self.create_task(name, description, room_id, sub_agent_type).await
    }

    /// A task as it is now.
    ///
    /// # Errors
    /// `DISPOSED` or `POISONED`, as all methods.
    pub async fn get_task(&self, task_id: &str) -> Result<Option<OrchestratedTask>> {
        self.orchestrator().get_task(task_id)
    }

    /// All tasks, newest first.
    ///
    /// # Errors
    /// `DISPOSED` or `POISONED`, as all methods.
    pub async fn get_tasks(&self) -> Result<Vec<OrchestratedTask>> {
        self.all(ListQuery::default(), usize::MAX)
    }

    /// The newest tasks, at most this many.
    ///
    /// # Errors
    /// `DISPOSED` or `POISONED`, as all methods.
    pub async fn get_recent_tasks(&self, limit: usize) -> Result<Vec<OrchestratedTask>> {
        self.all(ListQuery::default(), limit)
    }

    /// All tasks with a status, newest first.
    ///
    /// # Errors
    /// `DISPOSED` or `POISONED`, as all methods.
    pub async fn get_tasks_by_status(&self, status: TaskStatus) -> Result<Vec<OrchestratedTask>> {
        let query = ListQuery {
            status: vec![status],
            ..ListQuery::default()
        };
        self.all(query, usize::MAX)
    }

    /// All tasks that a text means, best first; none for a blank text.
    ///
    /// # Errors
    /// `LIMIT_EXCEEDED` for a text that is too long.
    pub async fn search_tasks(&self, query: &str) -> Result<Vec<OrchestratedTask>> {
        if query.trim().is_empty() {
            return Ok(Vec::new());
        }
        let query = ListQuery {
            text: Some(query.to_owned()),
            ..ListQuery::default()
        };
        self.all(query, usize::MAX)
    }

    /// Moves a task into a status, if the status table has a way: `running` starts or resumes it, `paused` and `cancelled`
    /// do what they say, `completed` and `failed` end the attempt that is under way.
    ///
    /// # Errors
    /// `TASK_NOT_FOUND` or `ILLEGAL_TRANSITION`.
    pub async fn update_task_status(&self, task_id: &str, status: TaskStatus) -> Result<()> {
        let now = self.look_up(task_id)?.status;
        match (now, status) {
            (now, wanted) if now == wanted => Ok(()),
            (TaskStatus::Paused, TaskStatus::Running) => self.resume_task(task_id).await,
            (_, TaskStatus::Running) => self.start_task_execution(task_id).await.map(drop),
            (_, TaskStatus::Paused) => self.pause_task(task_id).await,
            (_, TaskStatus::Cancelled) => self.cancel_task(task_id).await,
            (_, TaskStatus::Completed) => self.set_task_result(task_id, &TaskResult::success("")).await,
            (_, TaskStatus::Failed) => self.set_task_error(task_id, "").await,
            (now, TaskStatus::Pending | TaskStatus::Blocked) => Err(OrchestratorError::new(
                ErrorCode::IllegalTransition,
                format!("no call leads from {now} to {status}"),
            )),
        }
    }

    /// Sets a task's progress: clamped to 0..=100.
    ///
    /// # Errors
    /// `TASK_NOT_FOUND`, or `ILLEGAL_TRANSITION` once it has ended.
    pub async fn update_task_progress(&self, task_id: &str, percent: i32) -> Result<()> {
        self.orchestrator().update_progress(task_id, percent.into()).await
    }

    /// Gives a task another name.
    ///
    /// # Errors
    /// `TASK_NOT_FOUND`, `INVALID_ARGUMENT` or `LIMIT_EXCEEDED`.
    pub async fn rename_task(&self, task_id: &str, name: &str) -> Result<()> {
        self.orchestrator()
            .rename_task(task_id, name.trim())
            .await
            .map(drop)
    }

    /// Appends the non-blank lines of a text to a task's output.
    ///
    /// # Errors
    /// `TASK_NOT_FOUND` or `LIMIT_EXCEEDED`.
    pub async fn append_output(&self, task_id: &str, text: &str) -> Result<()> {
        self.orchestrator().append_output(task_id, text).await
    }

    /// Adds a step to a task's plan.
    ///
    /// # Errors
    /// `TASK_NOT_FOUND`, `INVALID_ARGUMENT` or `LIMIT_EXCEEDED`.
    pub async fn add_step(&self, task_id: &str, description: &str) -> Result<TaskStep> {
        self.orchestrator().add_step(task_id, description).await
    }

    /// Moves a step; the task's progress follows the share of completed steps.
    ///
    /// # Errors
    /// `TASK_NOT_FOUND`, `STEP_NOT_FOUND` or `LIMIT_EXCEEDED`.
    pub async fn update_step(
        &self,
        task_id: &str,
        step_id: &str,
        status: TaskStatus,
        output: Option<&str>,
    ) -> Result<()> {
        self.orchestrator()
            .update_step(task_id, step_id, status, output)
            .await
    }

    /// Ends the attempt that is under way with a result, in its provider's place: the provider is told to stop, and what it
    /// says later is late.
    ///
    /// # Errors
    /// `TASK_NOT_FOUND`, or `ILLEGAL_TRANSITION` when no attempt is under way.
    pub async fn set_task_result(&self, task_id: &str, result: &TaskResult) -> Result<()> {
        self.finish(task_id, result).await
    }

    /// Ends the attempt that is under way with an error, and the task with it.
    ///
    /// # Errors
    /// As [`set_task_result`](Self::set_task_result).
    pub async fn set_task_error(&self, task_id: &str, error: &str) -> Result<()> {
        self.finish(task_id, &TaskResult::failure(error, error).no_retry())
            .await
    }

    async fn finish(&self, task_id: &str, result: &TaskResult) -> Result<()> {
        let verb = if result.success {
            Verb::Complete
        } else {
            Verb::Fail
        };
        let (key, attempt) = self.open_attempt(task_id, verb)?;
        match self.orchestrator().driver().finish(key, attempt, result)? {
            Reply::Late => Err(none_under_way()),
            _ => self.orchestrator().flush().await,
        }
    }

    fn open_attempt(&self, task_id: &str, verb: Verb) -> Result<(TaskKey, Attempt)> {
        self.orchestrator().inspect(|engine| {
            let kernel = engine.kernel();
            let key = kernel.find_task(task_id).ok_or_else(|| not_found(task_id))?;
            let task = kernel.task(key).ok_or_else(|| not_found(task_id))?;
            status::check(task.status(), verb)?;
            if !task.is_active() {
                return Err(none_under_way());
            }
            Ok((key, task.attempt()))
        })?
    }

    /// Sets what the user thinks of a task.
    ///
    /// # Errors
    /// `TASK_NOT_FOUND`.
    pub async fn set_user_status(&self, task_id: &str, status: TaskUserStatus) -> Result<()> {
        self.orchestrator()
            .set_user_status(task_id, status)
            .await
            .map(drop)
    }

    /// Gives a task to another provider; not while an attempt is open.
    ///
    /// # Errors
    /// `TASK_NOT_FOUND`, `PROVIDER_NOT_FOUND`, with those that there are, or `ILLEGAL_TRANSITION`.
    pub async fn set_task_sub_agent_type(&self, task_id: &str, provider_id: &str) -> Result<()> {
        self.look_up(task_id)?;
        let provider = self.known_provider(provider_id)?;
        self.orchestrator()
            .reassign_task(task_id, &provider)
            .await
            .map(drop)
    }

    /// Asks a task to hold.
    ///
    /// # Errors
    /// `TASK_NOT_FOUND` or `ILLEGAL_TRANSITION`.
    pub async fn pause_task(&self, task_id: &str) -> Result<()> {
        self.orchestrator().pause_task(task_id).await.map(drop)
    }

    /// Lets a paused task go on. One that was interrupted begins anew.
    ///
    /// # Errors
    /// `TASK_NOT_FOUND` or `ILLEGAL_TRANSITION`.
    pub async fn resume_task(&self, task_id: &str) -> Result<()> {
        self.orchestrator().resume_task(task_id).await.map(drop)
    }

    /// Calls a task off, and all below it: at once, and for good unless it is restarted.
    ///
    /// # Errors
    /// `TASK_NOT_FOUND` or `ILLEGAL_TRANSITION`.
    pub async fn cancel_task(&self, task_id: &str) -> Result<()> {
        self.orchestrator().cancel_task(task_id, None).await.map(drop)
    }

    /// Removes a task, and all below it.
    ///
    /// # Errors
    /// `TASK_NOT_FOUND`.
    pub async fn delete_task(&self, task_id: &str) -> Result<()> {
        self.orchestrator().delete_task(task_id).await
    }

    /// Whether a task is cancelled, now and ever after.
    #[must_use]
    pub fn is_task_cancelled(&self, task_id: &str) -> bool {
        self.has_status(task_id, TaskStatus::Cancelled)
    }

    /// Whether a task is paused.
    #[must_use]
    pub fn is_task_paused(&self, task_id: &str) -> bool {
        self.has_status(task_id, TaskStatus::Paused)
    }

    fn has_status(&self, task_id: &str, status: TaskStatus) -> bool {
        self.look_up(task_id).is_ok_and(|task| task.status == status)
    }

    /// Starts a task, or joins the attempt that is under way: the provider is called once. Await the run for the outcome.
    ///
    /// # Errors
    /// `TASK_NOT_FOUND`, `ILLEGAL_TRANSITION` or `PROVIDER_NOT_FOUND`.
    pub async fn start_task_execution(&self, task_id: &str) -> Result<TaskRun> {
        self.orchestrator().start_task(task_id).await
    }

    /// Tasks that a crash has interrupted, and that are paused since. They were found and paused when the service started:
    /// this only tells which, as often as it is asked.
    ///
    /// # Errors
    /// `DISPOSED` or `POISONED`, as all methods.
    pub async fn detect_and_pause_interrupted_tasks(&self) -> Result<Vec<OrchestratedTask>> {
        self.interrupted_tasks()
    }

    /// The current task of the whole orchestrator (or else the newest) as text for a model's prompt.
    ///
    /// # Errors
    /// `DISPOSED` or `POISONED`, as all methods.
    pub async fn get_task_context(&self) -> Result<String> {
        self.orchestrator().task_context()
    }

    fn look_up(&self, task_id: &str) -> Result<OrchestratedTask> {
        let task = self.orchestrator().get_task(task_id)?;
        task.ok_or_else(|| not_found(task_id))
    }
}

fn none_under_way() -> OrchestratorError {
    OrchestratorError::new(
        ErrorCode::IllegalTransition,
        "no attempt of the task is under way",
    )
}
