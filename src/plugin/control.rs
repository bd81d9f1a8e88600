//! The actions that are about one task: switch, pause, resume, cancel. Which one is found here, or asked for; what may be
//! done with it is the kernel's to say.

use super::chat::Turn;
use super::find::{Finder, Fit};
use super::intent::Intent;
use super::language::{Language, fill};
use super::replies::{FEW, Reply, lines, more, one_line, said_back};
use super::target::Target;
use super::viewer::{Seen, seen_by};
use crate::kernel::{OrchestratorError, Result, TaskStatus};

/// What is to be done with a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    Switch,
    Pause,
    Resume,
    Again,
    Cancel,
}

impl Deed {
    /// Whether it could be done with a task in this status. Only to choose among several: the kernel decides.
    const fn fits(self, status: TaskStatus) -> bool {
        use TaskStatus::{Blocked, Paused, Pending, Running};
        match self {
            Self::Switch => true,
            Self::Pause => matches!(status, Pending | Blocked | Running),
            Self::Resume => matches!(status, Pending | Paused),
            Self::Again => !matches!(status, Running),
            Self::Cancel => !status.is_terminal(),
        }
    }

    fn verb(self, language: &Language) -> &str {
        let says = language.says();
        match self {
            Self::Switch => &says.switch,
            Self::Pause => &says.pause,
            Self::Resume => &says.resume,
            Self::Again => &says.again,
            Self::Cancel => &says.cancel,
        }
    }

    fn done(self, language: &Language) -> &str {
        let replies = language.replies();
        match self {
            Self::Switch => &replies.switched,
            Self::Pause => &replies.paused,
            Self::Resume => &replies.resumed,
            Self::Again => &replies.restarted,
            Self::Cancel => &replies.cancelled,
        }
    }
}

impl Turn<'_> {
    pub(super) async fn control(&self, intent: Intent) -> Result<Reply> {
        let again = match intent {
            Intent::Resume { again, .. } => self.parameters.flag("restart")?.unwrap_or(again),
            _ => false,
        };
        let deed = match &intent {
            Intent::Switch(_) => Deed::Switch,
            Intent::Pause(_) => Deed::Pause,
            Intent::Resume { .. } if again => Deed::Again,
            Intent::Resume { .. } => Deed::Resume,
            _ => Deed::Cancel,
        };
        if let Some(id) = self.parameters.text(&["taskId", "id"])? {
            return self.by_id(deed, id).await;
        }
        let given = self.parameters.text(&["task", "target", "query", "name"])?;
        let given = given.map(|text| Target::read(self.service.language(), text));
        let target = given.or_else(|| intent.target().cloned()).unwrap_or_default();
        if target.is_open() {
            return self.by_current(deed, &target).await;
        }
        self.by_words(deed, &target).await
    }

    async fn by_id(&self, deed: Deed, id: &str) -> Result<Reply> {
        match self.service.orchestrator().get_task(id)? {
            None => Ok(self.not_found(id)),
            Some(task) if !self.viewer.sees(&task) => Ok(self.foreign(deed)),
            Some(task) => Ok(self.act_on(deed, &task.into()).await),
        }
    }

    async fn by_current(&self, deed: Deed, target: &Target) -> Result<Reply> {
        // The current task is no other one, unless it is that of the room and not one's own.
        if deed == Deed::Switch && !target.mine {
            return Ok(self.nothing_to(deed));
        }
        match self.service.current_task_of(&self.viewer, target.mine)? {
            Some(task) => Ok(self.act_on(deed, &task.into()).await),
            None => Ok(self.nothing_to(deed)),
        }
    }

    async fn by_words(&self, deed: Deed, target: &Target) -> Result<Reply> {
        let orchestrator = self.service.orchestrator();
        let seen = seen_by(orchestrator, &self.viewer)?;
        let finder = Finder {
            orchestrator,
            language: self.service.language(),
            viewer: &self.viewer,
            seen: &seen,
            shown: self.service.shown().last(&self.viewer),
        };
        let everything = target.all && target.words.is_empty() && target.quoted.is_none();
        let (mut found, mut fit) = finder.candidates(target)?;
        if found.is_empty() && everything {
            (found, fit) = (seen.clone(), Fit::Told);
        }
        let fitting: Vec<Seen> = found
            .iter()
            .filter(|task| deed.fits(task.status))
            .cloned()
            .collect();
        // A number beside "all" may be that of a task, or how many there are.
        let all = target.all && fit == Fit::Told && target.ordinal.is_none() && deed != Deed::Switch;
        match (&found[..], &fitting[..]) {
            ([], _) if everything => Ok(self.nothing_to(deed)),
            ([], _) if finder.is_foreign(target)? => Ok(self.foreign(deed)),
            ([], _) => Ok(self.not_found(target.said())),
            (_, []) if all => Ok(self.nothing_to(deed)),
            (_, tasks) if all => Ok(self.act_on_all(deed, tasks).await),
            ([only], _) | (_, [only]) => Ok(self.act_on(deed, only).await),
            (several, []) | (_, several) => Ok(self.which(deed, several)),
        }
    }

    // ----- what is done -----

    async fn act_on(&self, deed: Deed, task: &Seen) -> Reply {
        let language = self.service.language();
        match self.attempt(deed, task).await {
            Ok(()) => {
                let text = fill(deed.done(language), &[("name", &one_line(&task.name))]);
                self.reply(true, text).with_task(&task.id)
            }
            Err(error) => {
                let code = error.code().as_str();
                self.reply(false, self.refused(deed, task, &error))
                    .with_task(&task.id)
                    .with_code(code)
            }
        }
    }

    async fn act_on_all(&self, deed: Deed, tasks: &[Seen]) -> Reply {
        let mut texts = Vec::new();
        let mut done = Vec::new();
        let mut code = None;
        for task in tasks {
            let reply = self.act_on(deed, task).await;
            if reply.success {
                done.push(task);
            } else {
                let refused = reply.data.get("code").and_then(|code| code.as_str());
                code = code.or_else(|| refused.map(str::to_owned));
            }
            if texts.len() < FEW {
                texts.push(reply.text);
            }
        }
        texts.extend(more(self.service.language(), tasks.len(), FEW));
        let reply = self.reply(code.is_none(), texts.join("\n")).with_tasks(done);
        match code {
            Some(code) => reply.with_code(&code),
            None => reply,
        }
    }

    async fn attempt(&self, deed: Deed, task: &Seen) -> Result<()> {
        let (orchestrator, id) = (self.service.orchestrator(), &*task.id);
        match (deed, task.status) {
            (Deed::Switch, _) => self.service.select(&self.viewer, id).await,
            (Deed::Pause, _) => orchestrator.pause_task(id).await.map(drop),
            (Deed::Cancel, _) => orchestrator.cancel_task(id, None).await.map(drop),
            // It has not begun, or holds: then to go on and to begin again are the same.
            (Deed::Resume | Deed::Again, TaskStatus::Pending | TaskStatus::Blocked) => {
                orchestrator.start_task(id).await.map(drop)
            }
            (Deed::Resume, _) | (Deed::Again, TaskStatus::Paused) => {
                orchestrator.resume_task(id).await.map(drop)
            }
            (Deed::Again, _) => orchestrator.restart_task(id).await.map(drop),
        }
    }

    fn refused(&self, deed: Deed, task: &Seen, error: &OrchestratorError) -> String {
        let language = self.service.language();
        let replies = language.replies();
        let text = fill(
            &replies.refused,
            &[
                ("verb", deed.verb(language)),
                ("name", &one_line(&task.name)),
                ("reason", error.message()),
            ],
        );
        if deed == Deed::Resume && task.status.is_terminal() {
            let hint = fill(&replies.use_restart, &[("status", task.status.as_str())]);
            return format!("{text}\n{hint}");
        }
        text
    }

    // ----- what is not done -----

    fn nothing_to(&self, deed: Deed) -> Reply {
        let language = self.service.language();
        let replies = language.replies();
        let text = match deed {
            Deed::Switch => replies.switch_which.clone(),
            _ => fill(&replies.nothing_to, &[("verb", deed.verb(language))]),
        };
        self.reply(false, text).with_code("NOTHING_SELECTED")
    }

    fn not_found(&self, said: &str) -> Reply {
        let replies = self.service.language().replies();
        let text = fill(&replies.not_found, &[("query", &said_back(said))]);
        self.reply(false, text).with_code("NOT_FOUND")
    }

    fn foreign(&self, deed: Deed) -> Reply {
        let language = self.service.language();
        let text = fill(&language.replies().foreign, &[("verb", deed.verb(language))]);
        self.reply(false, text).with_code("FOREIGN")
    }

    fn which(&self, deed: Deed, tasks: &[Seen]) -> Reply {
        let language = self.service.language();
        let replies = language.replies();
        let shown = &tasks[..tasks.len().min(FEW)];
        self.service.shown().keep(&self.viewer, shown);
        let mut text = vec![fill(&replies.which, &[("count", &tasks.len().to_string())])];
        text.extend(lines(language, &replies.line, tasks, FEW, None));
        text.push(fill(&replies.which_hint, &[("verb", deed.verb(language))]));
        self.reply(false, text.join("\n"))
            .with_tasks(tasks)
            .with_code("AMBIGUOUS")
    }
}
