//! What the scout and the readers find. It travels as JSON in the results of their tasks.

use std::error::Error;
use std::ops::AddAssign;

use agent_orchestrator::TaskResult;
use serde::{Deserialize, Serialize};

/// What a provider's work comes to. `?` takes any error, and the task fails with it.
pub(crate) type Work = Result<TaskResult, Box<dyn Error + Send + Sync>>;

/// The answer of a provider.
pub(crate) fn answer(work: Work) -> TaskResult {
    work.unwrap_or_else(|error| TaskResult::failure(error.to_string(), error.to_string()))
}

/// What the scout counts on its way.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Tally {
    pub(crate) folders: u64,
    pub(crate) files: u64,
    pub(crate) ignored: u64,
    pub(crate) links: u64,
    pub(crate) special: u64,
    pub(crate) unreadable: u64,
    pub(crate) unreadable_folders: Vec<String>,
}

/// One file, as its reader found it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct FileFound {
    pub(crate) name: String,
    pub(crate) found: Found,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Found {
    Read(Findings),
    /// Why it was not read.
    Skipped(String),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Findings {
    pub(crate) language: String,
    pub(crate) is_utf8: bool,
    pub(crate) has_cr_lf: bool,
    pub(crate) counts: Counts,
    /// What was counted and is listed, too.
    pub(crate) entries: Vec<Entry>,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Counts {
    pub(crate) lines: u64,
    pub(crate) code: u64,
    pub(crate) comment: u64,
    pub(crate) prose: u64,
    pub(crate) blank: u64,
    pub(crate) item: u64,
    pub(crate) heading: u64,
    pub(crate) todo: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.lines += other.lines;
        self.code += other.code;
        self.comment += other.comment;
        self.prose += other.prose;
        self.blank += other.blank;
        self.item += other.item;
        self.heading += other.heading;
        self.todo += other.todo;
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) what: What,
    pub(crate) line: usize,
    pub(crate) text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum What {
    Item,
    /// Of this level.
    Heading(usize),
    Todo,
}
