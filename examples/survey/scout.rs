//! Walks the tree and plans the work: one task for each part, a part being some files of one folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use agent_orchestrator::{
    AgentOrchestrator, AgentProvider, CreateTask, OrchestratedTask, ProviderTaskExecutionContext, TaskResult,
    async_trait,
};
use futures::future::try_join_all;

use super::findings::{Tally, Work, answer};
use super::gitignore::Rules;
use super::tasks::parts_of;
use super::text::{by_text, count, cut};

const FILES_PER_PART: usize = 25;
const TASKS_PER_CALL: usize = 1000;
const FOLDERS_NAMED: u64 = 100;

pub(crate) struct Scout {
    pub(crate) orchestrator: AgentOrchestrator,
}

#[async_trait]
impl AgentProvider for Scout {
    fn id(&self) -> &str {
        "scout"
    }

    fn label(&self) -> &str {
        "Scout"
    }

    fn description(&self) -> Option<&str> {
        Some("Finds the files and plans one task per part")
    }

    async fn execute_task(&self, task: &OrchestratedTask, ctx: &ProviderTaskExecutionContext) -> TaskResult {
        answer(self.find(task, ctx).await)
    }
}

/// Some files of one folder.
struct Part {
    folder: String,
    number: usize,
    name: String,
    files: Vec<String>,
}

/// What lies directly in a folder and counts.
struct Listed {
    rules: Arc<Rules>,
    files: Vec<String>,
    folders: Vec<String>,
    tally: Tally,
}

impl Scout {
    async fn find(&self, task: &OrchestratedTask, ctx: &ProviderTaskExecutionContext) -> Work {
        let root = PathBuf::from(&ctx.working_directory);
        let leave_out: Vec<PathBuf> = serde_json::from_value(task.metadata["leaveOut"].clone())?;
        let leave_out = Arc::new(leave_out);
        let mut tally = Tally::default();
        let mut parts = Vec::new();

        let mut waiting = vec![(String::new(), None)];
        while let Some((folder, above)) = waiting.pop() {
            // The two courtesies of a long task in one: it waits while paused, and is an error when cancelled.
            ctx.until_resumed().await?;

            let (path, leave_out) = (root.join(&folder), leave_out.clone());
            // Reading blocks, and blocked threads must not be those that everything else runs on.
            let listed = tokio::task::spawn_blocking(move || list(&path, above, &leave_out)).await?;
            let Ok(listed) = listed else {
                let named = if folder.is_empty() { "itself" } else { &folder };
                ctx.append_output(format!("Cannot read the folder {named}"))?;
                tally.unreadable += 1;
                if tally.unreadable <= FOLDERS_NAMED {
                    tally.unreadable_folders.push(cut(&part_name(&folder), 200));
                }
                continue;
            };
            tally.folders += 1;
            tally.files += listed.tally.files;
            tally.ignored += listed.tally.ignored;
            tally.links += listed.tally.links;
            tally.special += listed.tally.special;
            for name in &listed.folders {
                waiting.push((inside(&folder, name), Some(listed.rules.clone())));
            }
            parts.extend(split(&folder, &listed.files));
            if tally.folders.is_multiple_of(500) {
                ctx.append_output(format!("{} so far", count(tally.files, "file")))?;
            }
        }

        parts.sort_by(|a, b| by_text(&a.folder, &b.folder).then(a.number.cmp(&b.number)));
        self.plan(task, &parts).await?;
        let mut result = TaskResult::success(format!(
            "{} in {}: {}",
            count(tally.files, "file"),
            count(tally.folders, "folder"),
            count(parts.len() as u64, "part")
        ));
        // Keys beside the known ones are kept with the result: this is how the others learn what was found.
        result.extra.insert("tally".into(), serde_json::to_value(&tally)?);
        Ok(result)
    }

    /// The parts become tasks beside this one. Their tag says whose plan they are, so that others find them by it.
    async fn plan(&self, task: &OrchestratedTask, parts: &[Part]) -> agent_orchestrator::Result<()> {
        // An attempt that was interrupted may have planned some of it, and the tree may be another one by now.
        let earlier = parts_of(&self.orchestrator, &task.id)?;
        try_join_all(earlier.iter().map(|part| self.orchestrator.delete_task(&part.id))).await?;
        for some in parts.chunks(TASKS_PER_CALL) {
            let tasks: Vec<CreateTask> = some
                .iter()
                .map(|part| CreateTask {
                    parent_id: task.parent_id.clone(),
                    ..CreateTask::new(cut(&part.name, 120))
                        .provider("reader")
                        .tag(&task.id)
                        .metadata("folder", &*part.folder)
                        .metadata("files", part.files.clone())
                })
                .collect();
            self.orchestrator.create_tasks(&tasks).await?;
        }
        Ok(())
    }
}

/// Lists a folder, sorted.
fn list(folder: &Path, above: Option<Arc<Rules>>, leave_out: &[PathBuf]) -> io::Result<Listed> {
    let rules = above.map_or_else(|| Rules::of(folder), |above| Rules::inside(&above, folder));
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    let mut tally = Tally::default();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        // An earlier survey is no part of the tree, nor is the state of this one.
        if entry.file_name() == ".git" || leave_out.contains(&path) {
            continue;
        }
        let name = entry.file_name().to_string_lossy().into_owned();
        if rules.ignore(&path, kind.is_dir()) {
            tally.ignored += 1;
        } else if kind.is_symlink() {
            tally.links += 1;
        } else if kind.is_dir() {
            folders.push(name);
        } else if kind.is_file() {
            files.push(name);
        } else {
            // Sockets, pipes, devices.
            tally.special += 1;
        }
    }
    files.sort_by(|a, b| by_text(a, b));
    folders.sort_by(|a, b| by_text(a, b));
    tally.files = files.len() as u64;
    Ok(Listed {
        rules,
        files,
        folders,
        tally,
    })
}

/// Cuts the files of one folder into parts of a size that one task reads in a moment.
fn split(folder: &str, files: &[String]) -> Vec<Part> {
    let total = files.len().div_ceil(FILES_PER_PART);
    let which = |number| match total {
        1 => String::new(),
        _ => format!(" ({number} of {total})"),
    };
    let parts = (1..).zip(files.chunks(FILES_PER_PART));
    parts
        .map(|(number, files)| Part {
            folder: folder.to_owned(),
            number,
            name: part_name(folder) + &which(number),
            files: files.to_vec(),
        })
        .collect()
}

fn part_name(folder: &str) -> String {
    format!("{}/", if folder.is_empty() { "." } else { folder })
}

fn inside(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}
