//! From the findings of the readers to the figures of the survey.

use std::collections::BTreeMap;

use agent_orchestrator::{OrchestratedTask, TaskStatus};

use super::findings::{Counts, FileFound, Findings, Found, Tally};
use super::text::by_text;

/// All that the survey says.
pub(crate) struct Survey {
    pub(crate) name: String,
    pub(crate) tally: Tally,
    /// By path.
    pub(crate) files: Vec<(String, Findings)>,
    /// As they were planned: name, whether it was not read, figures.
    pub(crate) parts: Vec<(String, bool, Sum)>,
    pub(crate) total: Sum,
    /// Most lines first.
    pub(crate) languages: Vec<(String, Sum)>,
    /// Why, and which.
    pub(crate) skipped: Vec<(String, Vec<String>)>,
}

/// What some files come to together.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sum {
    pub(crate) files: u64,
    pub(crate) listed: u64,
    pub(crate) counts: Counts,
}

impl Sum {
    fn add(&mut self, file: &Findings) {
        self.files += 1;
        self.listed += file.entries.len() as u64;
        self.counts += file.counts;
    }
}

impl Survey {
    /// Adds up what the readers' tasks hold.
    pub(crate) fn of(name: &str, tally: Tally, tasks: &[OrchestratedTask]) -> serde_json::Result<Self> {
        let (mut files, mut parts, mut total) = (Vec::new(), Vec::new(), Sum::default());
        let mut languages: BTreeMap<String, Sum> = BTreeMap::new();
        let mut skipped: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for part in tasks {
            let folder = part.metadata["folder"].as_str().unwrap_or_default();
            let found = part.result.as_ref().and_then(|result| result.extra.get("files"));
            let found: Vec<FileFound> =
                found.map_or(Ok(Vec::new()), |files| serde_json::from_value(files.clone()))?;
            let mut sum = Sum::default();
            for FileFound { name, found } in found {
                let path = if folder.is_empty() {
                    name
                } else {
                    format!("{folder}/{name}")
                };
                match found {
                    Found::Read(findings) => {
                        sum.add(&findings);
                        total.add(&findings);
                        languages
                            .entry(findings.language.clone())
                            .or_default()
                            .add(&findings);
                        files.push((path, findings));
                    }
                    Found::Skipped(why) => skipped.entry(why).or_default().push(path),
                }
            }
            parts.push((part.name.clone(), part.status != TaskStatus::Completed, sum));
        }
        files.sort_by(|(a, _), (b, _)| by_text(a, b));
        skipped
            .values_mut()
            .for_each(|paths| paths.sort_by(|a, b| by_text(a, b)));
        let mut languages: Vec<_> = languages.into_iter().collect();
        // Stable: those with as many lines stay in the order of their names.
        languages.sort_by_key(|(_, sum)| std::cmp::Reverse(sum.counts.lines));
        Ok(Self {
            name: name.to_owned(),
            tally,
            files,
            parts,
            total,
            languages,
            skipped: skipped.into_iter().collect(),
        })
    }
}
