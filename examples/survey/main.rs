//! Surveys a source tree with four providers: `surveyor` leads, `scout` finds the files and plans the parts, `reader`
//! reads a part, `writer` writes the result down. Start reading here, then `surveyor.rs`.
//!
//! With `--state`, a survey goes on after a crash: all it takes is a journal, and providers that may be called again.
//!
//! The files ending in `.mjs` beside this one do the same in JavaScript; on the same tree both write the same survey.

mod findings;
mod gitignore;
mod inspect;
mod items;
mod languages;
mod log;
mod options;
mod reader;
mod scout;
mod summary;
mod survey_text;
mod surveyor;
mod tasks;
mod text;
mod writer;

use std::path::PathBuf;
use std::process::ExitCode;

use agent_orchestrator::{
    AgentOrchestrator, CreateTask, ErrorCode, EventFilter, FileJournal, ListQuery, OnInterrupt,
    OrchestratedTask, Result, Sort, TaskOutcome, TaskStatus,
};

use log::{say, write_log};
use options::{HELP, Options};
use reader::Reader;
use scout::Scout;
use surveyor::Surveyor;
use tasks::all_tasks;
use text::{count, printable};
use writer::Writer;

const WRONG_ARGUMENTS: u8 = 2;
const CANCELLED: u8 = 130;

#[tokio::main]
async fn main() -> ExitCode {
    let options = match Options::read(std::env::args_os().skip(1)) {
        Ok(Some(options)) => options,
        Ok(None) => {
            HELP.lines().for_each(say);
            return ExitCode::SUCCESS;
        }
        Err(message) => {
            eprintln!("{}\nTry --help.", printable(&message));
            return ExitCode::from(WRONG_ARGUMENTS);
        }
    };
    match survey(&options).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{}", printable(&error.to_string()));
            ExitCode::FAILURE
        }
    }
}

async fn survey(options: &Options) -> Result<ExitCode> {
    let folder = options.folder.to_string_lossy().into_owned();
    let mut builder = AgentOrchestrator::builder()
        .provider(Reader {
            max_concurrency: options.concurrency,
        })
        .working_directory(move || folder.clone())
        // Every reader may run, and the surveyor and one of its other helpers beside them.
        .max_concurrency(options.concurrency + 2);
    if let Some(state) = &options.state {
        // Interrupted tasks run again, and what has happened can be looked at later: see examples/journal.rs.
        builder = builder
            .journal(FileJournal::open(state).await?)
            .on_interrupt(OnInterrupt::Retry)
            .keep_history(true);
    }
    let orchestrator = builder.build().await?;
    // These three use the orchestrator themselves, so they can only be made once it is there.
    let clone = || orchestrator.clone();
    orchestrator.register_provider(Surveyor {
        orchestrator: clone(),
    })?;
    orchestrator.register_provider(Scout {
        orchestrator: clone(),
    })?;
    orchestrator.register_provider(Writer {
        orchestrator: clone(),
    })?;

    let log = tokio::spawn(write_log(
        all_tasks(&orchestrator, ListQuery::default())?,
        orchestrator.events(EventFilter::all().buffer(100_000))?,
    ));
    let survey = match orchestrator.create_task(order(options)).await {
        Err(error) if error.code() == ErrorCode::Conflict => {
            eprintln!("--state: another survey is kept there.\nTry --help.");
            return Ok(ExitCode::from(WRONG_ARGUMENTS));
        }
        survey => survey?,
    };
    match survey.status {
        // It was interrupted, and has waited for somebody to ask for it again.
        TaskStatus::Paused => drop(orchestrator.resume_task(&survey.id).await?),
        status if status.is_terminal() => say("This survey has ended before; it is not done again."),
        _ => {}
    }
    let interrupt = tokio::spawn(cancel_on_interrupt(orchestrator.clone(), survey.id.clone()));
    let outcome = orchestrator.wait_for_task(&survey.id).await?;
    interrupt.abort();

    let cancelled = tasks_with(&orchestrator, TaskStatus::Cancelled)?;
    let failed = tasks_with(&orchestrator, TaskStatus::Failed)?;
    // Ends the stream of events; the log writes what it still has.
    orchestrator.dispose().await;
    // It does not panic; and if it did, the survey would still be done.
    let _ = log.await;
    Ok(conclude(options, &outcome, &cancelled, &failed))
}

/// The same order is the same task: a new one at first, and when this runs again, the one that is kept.
fn order(options: &Options) -> CreateTask {
    let name = options.folder.file_name().unwrap_or(options.folder.as_os_str());
    let text = |path: &PathBuf| path.to_string_lossy().into_owned();
    let leave_out: Vec<String> = options.state.iter().chain([&options.out]).map(text).collect();
    CreateTask {
        idempotency_key: Some("survey".to_owned()),
        ..CreateTask::new(format!("Survey {}", name.to_string_lossy()))
            .provider("surveyor")
            .metadata("folder", text(&options.folder))
            .metadata("out", text(&options.out))
            .metadata("leaveOut", leave_out)
            // A task that brings the process down each time is not run again for ever. This one lasts as long as the
            // process, so it would be taken for one.
            .on_interrupt(OnInterrupt::Pause)
            .start_now()
    }
}

/// The first Ctrl-C cancels the survey and, with it, every task below it. A second one ends the process at once.
async fn cancel_on_interrupt(orchestrator: AgentOrchestrator, task: String) {
    if tokio::signal::ctrl_c().await.is_ok() {
        // It may have ended in this very moment.
        let _ = orchestrator.cancel_task(&task, Some("Interrupted")).await;
        if tokio::signal::ctrl_c().await.is_ok() {
            std::process::exit(CANCELLED.into());
        }
    }
}

/// How many tasks have this status, and the first of them.
type Tasks = (usize, Vec<OrchestratedTask>);

fn tasks_with(orchestrator: &AgentOrchestrator, status: TaskStatus) -> Result<Tasks> {
    let query = ListQuery {
        status: vec![status],
        sort: Some(Sort::CreatedAt),
        limit: Some(10),
        ..ListQuery::default()
    };
    Ok((
        orchestrator.count_tasks(status)?,
        orchestrator.list_tasks(&query)?.tasks,
    ))
}

fn conclude(options: &Options, outcome: &TaskOutcome, cancelled: &Tasks, failed: &Tasks) -> ExitCode {
    if outcome.status == TaskStatus::Cancelled {
        say_tasks(cancelled, "Cancelled before it ended:", |_| String::new());
        return ExitCode::from(CANCELLED);
    }
    say(&outcome.summary);
    if outcome
        .result
        .as_ref()
        .is_some_and(|result| !result.files_created.is_empty())
    {
        say(&format!("Written to {}.", options.shown_out));
    }
    say_tasks(failed, "Failed:", |task| {
        format!(": {}", task.error.as_deref().unwrap_or_default())
    });
    if failed.0 > 0 {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

/// Names tasks, the first of them at least.
fn say_tasks((total, first): &Tasks, title: &str, more: impl Fn(&OrchestratedTask) -> String) {
    if first.is_empty() {
        return;
    }
    say(title);
    for task in first {
        say(&format!("  {}{}", task.name, more(task)));
    }
    if *total > first.len() {
        say(&format!(
            "  and {}",
            count((total - first.len()) as u64, "more task")
        ));
    }
}
