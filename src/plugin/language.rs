//! The words that are understood and the texts that are said: one table for a language.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

use serde::Deserialize;

use super::phrases::{Phrases, Terms};
use crate::kernel::{OrchestratorError, Result, TaskStatus};

/// The table of English; the face in TypeScript reads the same file.
const ENGLISH: &str = include_str!("english.json");

/// A language that the chat face understands and speaks. Cheap to clone.
#[derive(Clone)]
pub struct Language(Arc<Table>);

impl Language {
    /// English.
    #[must_use]
    pub fn english() -> Self {
        static TABLE: LazyLock<Language> = LazyLock::new(|| {
            #[expect(clippy::expect_used, reason = "the file is ours, and a test reads it")]
            Language::parse(ENGLISH).expect("english.json is a table")
        });
        TABLE.clone()
    }

    /// Another language, from a table as JSON: the same keys as those of `src/plugin/english.json`, with other words and
    /// texts.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for what is not such a table, and what is wrong with it.
    pub fn parse(json: &str) -> Result<Self> {
        serde_json::from_str(json)
            .map(|table| Self(Arc::new(table)))
            .map_err(|error| OrchestratorError::invalid(format!("not a table of a language: {error}")))
    }

    pub(super) fn words(&self) -> &Table {
        &self.0
    }

    pub(super) fn replies(&self) -> &Replies {
        &self.0.replies
    }

    /// The sign of a status; none if the table has none.
    pub(super) fn emoji(&self, status: TaskStatus) -> &str {
        self.0.emoji.get(&status).map_or("", String::as_str)
    }

    /// The verb of an action as replies say it.
    pub(super) fn says(&self) -> &Says {
        &self.0.says
    }
}

impl fmt::Debug for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Language").field(&self.0.language).finish()
    }
}

/// The verbs of each rule.
#[derive(Debug, Deserialize)]
pub(super) struct Verbs {
    pub(super) new: Phrases,
    pub(super) work: Phrases,
    pub(super) search: Phrases,
    pub(super) list: Phrases,
    pub(super) switch: Phrases,
    pub(super) pause: Phrases,
    pub(super) resume: Phrases,
    pub(super) again: Phrases,
    pub(super) cancel: Phrases,
}

/// What is understood.
#[derive(Debug, Deserialize)]
pub(super) struct Table {
    language: String,
    pub(super) task: Phrases,
    pub(super) fillers: Phrases,
    pub(super) negations: Phrases,
    pub(super) questions: Phrases,
    pub(super) joins: Phrases,
    pub(super) articles: Phrases,
    pub(super) indefinite: Phrases,
    pub(super) mine: Phrases,
    pub(super) pronouns: Phrases,
    pub(super) ones: Phrases,
    pub(super) links: Phrases,
    pub(super) all: Phrases,
    /// The links before what a task is called.
    pub(super) about: Phrases,
    pub(super) using: Phrases,
    pub(super) ordinals: Terms<u32>,
    pub(super) numbers: Terms<u32>,
    pub(super) last: Phrases,
    pub(super) newest: Phrases,
    pub(super) oldest: Phrases,
    pub(super) statuses: Terms<TaskStatus>,
    pub(super) verbs: Verbs,
    pub(super) alone: Phrases,
    replies: Replies,
    says: Says,
    emoji: BTreeMap<TaskStatus, String>,
}

macro_rules! texts {
    ($(#[$meta:meta])* $name:ident { $($field:ident)* }) => {
        $(#[$meta])*
        #[derive(Debug, Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub(super) struct $name { $(pub(super) $field: String),* }
    };
}

texts! {
    /// What is said. In braces stand the names of what is put in.
    Replies {
        created kept untitled plan none list line current more switch_which search_what found found_none not_found which
        which_hint foreign refused use_restart failed switched paused resumed restarted cancelled nothing_to interrupted
        interrupted_hint context recent recent_line no_context no_name no_status
    }
}

texts! {
    /// The verbs as replies say them.
    Says { switch pause resume again cancel }
}

/// A reply with its gaps filled. What is put in is not looked at again: a task's name may have braces.
pub(super) fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let value = after.split_once('}').and_then(|(name, behind)| {
            let (_, value) = values.iter().find(|(known, _)| *known == name)?;
            Some((*value, behind))
        });
        match value {
            Some((value, behind)) => {
                filled.push_str(value);
                rest = behind;
            }
            None => {
                filled.push('{');
                rest = after;
            }
        }
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_is_not_filled_again() {
        let filled = fill("{name} {is {name}", &[("name", "{status}"), ("status", "no")]);
        assert_eq!(filled, "{status} {is {status}");
    }

    #[test]
    fn a_table_that_lacks_a_key_is_refused_with_its_name() {
        let short = ENGLISH.replace("\"whichHint\"", "\"hint\"");
        let refused = Language::parse(&short).unwrap_err();
        assert!(refused.message().contains("whichHint"), "{refused}");
        assert!(Language::parse("[").is_err() && Language::parse(ENGLISH).is_ok());
    }
}
