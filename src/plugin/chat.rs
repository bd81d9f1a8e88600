//! From a message to a reply: what is asked for, by whom, and what comes of it.

use serde_json::Value;

use super::actions::ActionName;
use super::find::search;
use super::intent::{Intent, Using, read_as, read_intent};
use super::language::fill;
use super::parameters::Parameters;
use super::replies::{FEW, Reply, lines, one_line, said_back};
use super::runtime::Role;
use super::service::AgentOrchestratorService;
use super::target::parts;
use super::title::TITLE;
use super::viewer::{Viewer, seen_by};
use super::words::{first_chars, fold_name};
use crate::kernel::{OrchestratorError, Result, TaskStatus, limits};
use crate::orchestrator::{CreateTask, OrchestratedTask};

/// The longest description that a task gets from a text, in characters.
const DESCRIPTION: usize = 4_000;
/// So many tasks are listed when nothing else is said, and at most.
const LISTED: usize = 20;
const MOST_LISTED: usize = 100;

/// Something said in a room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChatMessage {
    /// The room.
    pub room: String,
    /// Who said it, if that is known.
    pub user: Option<String>,
    /// What was said.
    pub text: String,
}

impl ChatMessage {
    /// Something said by somebody.
    #[must_use]
    pub fn new(room: impl Into<String>, user: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            room: room.into(),
            user: Some(user.into()),
            text: text.into(),
        }
    }
}

impl AgentOrchestratorService {
    /// Does what a message asks for, and says what came of it; nothing for a message that asks for none of the seven
    /// actions. Never acts on one of several tasks that may be meant: it asks which.
    ///
    /// `options` are what a planner has found out, in `parameters` or right there; they count before what the text says.
    /// [`Value::Null`] for none.
    pub async fn respond(&self, message: &ChatMessage, options: &Value) -> Option<Reply> {
        let intent = read_intent(self.language(), &message.text)?;
        Some(self.carry_out(intent, message, options).await)
    }

    /// Does one of the seven actions, whatever else the text asks for.
    pub async fn act(&self, action: ActionName, message: &ChatMessage, options: &Value) -> Reply {
        let intent = read_as(self.language(), &message.text, action);
        self.carry_out(intent, message, options).await
    }

    /// Whether a text asks for an action.
    #[must_use]
    pub fn validate(&self, action: ActionName, text: &str) -> bool {
        read_intent(self.language(), text).is_some_and(|intent| intent.action() == action)
    }

    /// Who sent a message, as the runtime knows him now.
    pub async fn viewer(&self, message: &ChatMessage) -> Viewer {
        let room = self.runtime().room(&message.room).await;
        let role = match &message.user {
            Some(user) => self.runtime().role(&message.room, user).await,
            None => Role::Member,
        };
        Viewer {
            room: message.room.clone(),
            user: message.user.clone(),
            world: room.and_then(|room| room.world_id),
            role,
        }
    }

    async fn carry_out(&self, intent: Intent, message: &ChatMessage, options: &Value) -> Reply {
        let action = intent.action();
        let done = async {
            let turn = Turn {
                service: self,
                action,
                viewer: self.viewer(message).await,
                text: &message.text,
                parameters: Parameters::of(options)?,
            };
            turn.take(intent).await
        };
        done.await
            .unwrap_or_else(|error| Reply::failed(self.language(), action, &error))
    }
}

/// One message, and what is to be answered.
pub(super) struct Turn<'a> {
    pub(super) service: &'a AgentOrchestratorService,
    pub(super) action: ActionName,
    pub(super) viewer: Viewer,
    text: &'a str,
    pub(super) parameters: Parameters<'a>,
}

impl Turn<'_> {
    async fn take(&self, intent: Intent) -> Result<Reply> {
        match intent {
            Intent::Create { title, using } => self.create(title, using).await,
            Intent::List { status } => self.list(status),
            Intent::Search { query } => self.search(query),
            one => self.control(one).await,
        }
    }

    pub(super) fn reply(&self, success: bool, text: impl Into<String>) -> Reply {
        Reply::new(self.action, success, text.into())
    }

    async fn create(&self, title: String, using: Option<Using>) -> Result<Reply> {
        let (service, replies) = (self.service, self.service.language().replies());
        let (title, provider) = self.title_and_provider(title, using)?;
        let steps = self.parameters.lines("steps")?;
        let start = self.parameters.flag("start")?.unwrap_or(true);
        let description = match self.parameters.text(&["description"])? {
            Some(text) => text,
            None => self.text.trim(),
        };
        let mut order = CreateTask::new(&*title).provider(provider);
        order.description = Some(first_chars(description, DESCRIPTION).to_owned())
            .filter(|description| !description.trim().is_empty());
        order.steps = steps.clone();
        order.room_id = Some(self.viewer.room.clone());
        order.world_id = Some(service.world_or_agent(self.viewer.world.clone()));
        if let Some(user) = &self.viewer.user {
            order = order.metadata("entityId", user.as_str());
        }
        let task = service.orchestrator().create_task(order).await?;
        if let Err(error) = self.begin(&task, &steps, start).await {
            // What was refused leaves nothing behind. If the journal has failed, this does, too.
            let _ = service.orchestrator().delete_task(&task.id).await;
            return Err(error);
        }
        service.select_where_none(&self.viewer, &task.id).await;
        let text = fill(
            if start { &replies.created } else { &replies.kept },
            &[("name", &task.name), ("provider", &task.provider_label)],
        );
        Ok(self.reply(true, text).with_task(&task.id))
    }

    /// Tells the plan and starts the task; nobody waits for its end.
    async fn begin(&self, task: &OrchestratedTask, steps: &[String], start: bool) -> Result<()> {
        let orchestrator = self.service.orchestrator();
        if !steps.is_empty() {
            let mut plan = self.service.language().replies().plan.clone();
            for (index, step) in steps.iter().enumerate() {
                plan.push_str(&format!("\n{}. {}", index + 1, one_line(step)));
            }
            orchestrator.append_output(&task.id, &plan).await?;
        }
        if start {
            drop(orchestrator.start_task(&task.id).await?);
        }
        Ok(())
    }

    /// The name of a new task, and the id of who is to do it.
    fn title_and_provider(&self, title: String, using: Option<Using>) -> Result<(String, String)> {
        let known = self.service.orchestrator().providers()?;
        let of_name = |name: &str| {
            let folded = fold_name(name);
            // An id comes before a label that is the same.
            let by_id = known.iter().find(|provider| provider.id == name);
            let by_id = by_id.or_else(|| known.iter().find(|provider| fold_name(&provider.id) == folded));
            let by_label = || known.iter().find(|provider| fold_name(&provider.label) == folded);
            by_id.or_else(by_label).map(|provider| provider.id.clone())
        };
        let (title, said) = match using {
            None => (title, None),
            Some(Using {
                provider,
                title: whole,
            }) => match of_name(&provider) {
                Some(id) => (title, Some(id)),
                None => (whole, None),
            },
        };
        let title = match self.parameters.text(&["title", "name"])? {
            Some(given) => first_chars(&one_line(given), TITLE).trim_end().to_owned(),
            None => title,
        };
        let provider = match (self.parameters.text(&["provider", "providerId"])?, said) {
            (Some(given), _) => match of_name(given) {
                Some(id) => id,
                None => self.service.known_provider(given)?,
            },
            (None, Some(said)) => said,
            (None, None) => self.service.active_provider_id()?,
        };
        Ok((title, provider))
    }

    fn list(&self, status: Option<TaskStatus>) -> Result<Reply> {
        let (service, replies) = (self.service, self.service.language().replies());
        let status = match self.parameters.text(&["status"])? {
            Some(word) => self.status_of(word)?,
            None => status,
        };
        let limit = self.parameters.count("limit", MOST_LISTED)?.unwrap_or(LISTED);
        let mut tasks = seen_by(service.orchestrator(), &self.viewer)?;
        tasks.retain(|task| status.is_none_or(|status| task.status == status));
        let shown = &tasks[..tasks.len().min(limit)];
        service.shown().keep(&self.viewer, shown);
        if tasks.is_empty() {
            return Ok(self.reply(true, &*replies.none).with_tasks([]));
        }
        let current = service.current_task_of(&self.viewer, false)?.map(|task| task.id);
        let mut text = vec![replies.list.clone()];
        text.extend(lines(
            service.language(),
            &replies.line,
            &tasks,
            limit,
            current.as_deref(),
        ));
        Ok(self.reply(true, text.join("\n")).with_tasks(shown))
    }

    /// The status that a word stands for; none for a word that means all.
    fn status_of(&self, word: &str) -> Result<Option<TaskStatus>> {
        let table = self.service.language().words();
        let folded = parts(word);
        let status = table.statuses.whole(&folded).copied();
        match status.or_else(|| TaskStatus::parse(&folded.join(" "))) {
            Some(status) => Ok(Some(status)),
            None if table.all.are(&folded) => Ok(None),
            None => Err(OrchestratorError::invalid(format!(
                "status must be one of {}, not {}",
                TaskStatus::ALL.map(TaskStatus::as_str).join(", "),
                limits::quoted(word)
            ))),
        }
    }

    fn search(&self, query: String) -> Result<Reply> {
        let (service, replies) = (self.service, self.service.language().replies());
        let given = self.parameters.text(&["query"])?.map(str::to_owned);
        let query = given.unwrap_or(query);
        if query.trim().is_empty() {
            return Ok(self.reply(false, &*replies.search_what));
        }
        let tasks = search(service.orchestrator(), &self.viewer, &query, limits::PAGE.max)?;
        let shown = &tasks[..tasks.len().min(FEW)];
        service.shown().keep(&self.viewer, shown);
        let said = said_back(&query);
        if tasks.is_empty() {
            let text = fill(&replies.found_none, &[("query", &said)]);
            return Ok(self.reply(true, text).with_tasks([]));
        }
        let count = tasks.len().to_string();
        let mut text = vec![fill(&replies.found, &[("count", &count), ("query", &said)])];
        text.extend(lines(service.language(), &replies.line, &tasks, FEW, None));
        Ok(self.reply(true, text.join("\n")).with_tasks(shown))
    }
}
