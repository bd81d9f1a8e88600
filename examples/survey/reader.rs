//! Reads the files of one part, telling how far it is, and returns what it found.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use agent_orchestrator::{
    AgentProvider, OrchestratedTask, ProviderTaskExecutionContext, TaskResult, async_trait,
};

use super::findings::{FileFound, Findings, Found, Work, answer};
use super::inspect::inspect;
use super::languages::language_of;
use super::text::count;

const MAX_BYTES: u64 = 8 * 1024 * 1024;
/// A result has its limit too (1 MiB as JSON). This many entries for a part stay well below it.
const MAX_ENTRIES: usize = 2000;

/// Names the file in which the tests count executions.
const COUNTED: &str = "SURVEY_EXECUTIONS";

pub(crate) struct Reader {
    pub(crate) max_concurrency: u32,
}

#[async_trait]
impl AgentProvider for Reader {
    fn id(&self) -> &str {
        "reader"
    }

    fn label(&self) -> &str {
        "Reader"
    }

    fn description(&self) -> Option<&str> {
        Some("Reads the files of one part")
    }

    fn max_concurrency(&self) -> Option<u32> {
        Some(self.max_concurrency)
    }

    async fn execute_task(&self, task: &OrchestratedTask, ctx: &ProviderTaskExecutionContext) -> TaskResult {
        answer(read(task, ctx).await)
    }
}

async fn read(task: &OrchestratedTask, ctx: &ProviderTaskExecutionContext) -> Work {
    count_execution(ctx)?;
    let folder =
        PathBuf::from(&ctx.working_directory).join(task.metadata["folder"].as_str().unwrap_or_default());
    let names: Vec<String> = serde_json::from_value(task.metadata["files"].clone())?;
    let mut files = Vec::new();
    let mut room = MAX_ENTRIES;
    for name in &names {
        ctx.until_resumed().await?;

        let path = folder.join(name);
        let found = tokio::task::spawn_blocking(move || read_one(&path, room)).await?;
        let line = match &found {
            Found::Read(findings) => {
                room -= findings.entries.len();
                let lines = count(findings.counts.lines, "line");
                format!("{name}: {}, {lines}", findings.language)
            }
            Found::Skipped(why) => format!("{name}: {why}"),
        };
        let name = name.clone();
        files.push(FileFound { name, found });

        ctx.append_output(line)?;
        ctx.update_progress(100.0 * files.len() as f64 / names.len() as f64)?;
    }
    let mut result = TaskResult::success(format!("Read {}", count(files.len() as u64, "file")));
    result.extra.insert("files".into(), serde_json::to_value(files)?);
    Ok(result)
}

/// Tells the tests that this attempt was really begun, on disk, before it does anything.
fn count_execution(ctx: &ProviderTaskExecutionContext) -> io::Result<()> {
    use std::io::Write;

    let Some(path) = std::env::var_os(COUNTED) else {
        return Ok(());
    };
    let mut file = File::options().create(true).append(true).open(path)?;
    file.write_all(format!("{} {}\n", ctx.task_id, ctx.attempt).as_bytes())?;
    file.sync_data()
}

/// A file that cannot be read is a finding too, not a failure of the task.
fn read_one(path: &Path, room: usize) -> Found {
    match bytes_of(path) {
        Ok(Ok(bytes)) => Found::Read(findings(path, &bytes, room)),
        Ok(Err(why)) => Found::Skipped(why.to_owned()),
        Err(_) => Found::Skipped("unreadable".to_owned()),
    }
}

/// The bytes of a file, or why they are of no interest.
fn bytes_of(path: &Path) -> io::Result<Result<Vec<u8>, &'static str>> {
    let mut file = File::open(path)?;
    if file.metadata()?.len() > MAX_BYTES {
        return Ok(Err("too large"));
    }
    let mut bytes = Vec::new();
    file.by_ref().take(8000).read_to_end(&mut bytes)?;
    // As git sees it: there is a zero byte near the beginning.
    if bytes.contains(&0) {
        return Ok(Err("binary"));
    }
    file.read_to_end(&mut bytes)?;
    Ok(Ok(bytes))
}

fn findings(path: &Path, bytes: &[u8], room: usize) -> Findings {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let language = language_of(&name);
    let is_utf8 = std::str::from_utf8(bytes).is_ok();
    // Bytes that are not UTF-8 become U+FFFD; a mark of the byte order is no text.
    let text = String::from_utf8_lossy(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes));
    let (counts, has_cr_lf, entries) = inspect(&text, &language, room);
    Findings {
        language: language.name.to_owned(),
        is_utf8,
        has_cr_lf,
        counts,
        entries,
    }
}
