//! What is answered, and how lists of tasks look.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::actions::ActionName;
use super::language::{Language, fill};
use super::viewer::Seen;
use super::words::first_chars;
use crate::kernel::OrchestratorError;

/// As many tasks are listed when one must be chosen, and when a search has found more.
pub(super) const FEW: usize = 10;
/// As much of what was said is said back.
const SAID: usize = 100;

/// What an action answers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reply {
    /// Which action it was.
    pub action: ActionName,
    /// Whether it did what was asked.
    pub success: bool,
    /// What is said.
    pub text: String,
    /// `taskId` of the one task that it was about, `taskIds` of a list or of those that may be meant, and `code` when it was
    /// refused: `AMBIGUOUS`, `FOREIGN`, `NOT_FOUND`, `NOTHING_SELECTED`, or that of the error.
    pub data: Map<String, Value>,
}

impl Reply {
    pub(super) fn new(action: ActionName, success: bool, text: String) -> Self {
        Self {
            action,
            success,
            text,
            data: Map::new(),
        }
    }

    pub(super) fn with_task(mut self, id: &str) -> Self {
        self.data.insert("taskId".to_owned(), json!(id));
        self
    }

    pub(super) fn with_tasks<'a>(mut self, tasks: impl IntoIterator<Item = &'a Seen>) -> Self {
        let ids: Vec<Value> = tasks.into_iter().map(|task| json!(task.id)).collect();
        self.data.insert("taskIds".to_owned(), Value::Array(ids));
        self
    }

    pub(super) fn with_code(mut self, code: &str) -> Self {
        self.data.insert("code".to_owned(), json!(code));
        self
    }

    pub(super) fn failed(language: &Language, action: ActionName, error: &OrchestratorError) -> Self {
        let text = fill(&language.replies().failed, &[("reason", error.message())]);
        Self::new(action, false, text).with_code(error.code().as_str())
    }
}

/// The first tasks of a list, a line for each, and how many more there are.
pub(super) fn lines(
    language: &Language,
    line: &str,
    tasks: &[Seen],
    shown: usize,
    current: Option<&str>,
) -> Vec<String> {
    let numbered = tasks.iter().take(shown).enumerate();
    let mut lines: Vec<String> = numbered
        .map(|(index, task)| {
            let mut line = fill(
                line,
                &[
                    ("number", &(index + 1).to_string()),
                    ("name", &one_line(&task.name)),
                    ("emoji", language.emoji(task.status)),
                    ("status", task.status.as_str()),
                    ("progress", &task.progress.to_string()),
                ],
            );
            if current == Some(&*task.id) {
                line.push_str(&language.replies().current);
            }
            line
        })
        .collect();
    lines.extend(more(language, tasks.len(), shown));
    lines
}

/// How many more there are than are shown, if any.
pub(super) fn more(language: &Language, count: usize, shown: usize) -> Option<String> {
    let rest = count.checked_sub(shown).filter(|rest| *rest > 0)?;
    Some(fill(&language.replies().more, &[("count", &rest.to_string())]))
}

/// A name as part of a line.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What somebody said, to be said back.
pub(super) fn said_back(text: &str) -> String {
    one_line(first_chars(text, SAID))
}
