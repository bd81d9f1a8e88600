//! Prints what a journal in a folder holds: one event a line, as JSON, the oldest first.
//!
//!     cargo run --features native --example journal -- <folder>
//!
//! The journal must not be in use. It is opened as an orchestrator opens it, so a torn end is dropped; nothing else is
//! changed: what follows from the opening happens to a copy.

use std::error::Error;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use agent_orchestrator::journal::{FrameKind, recover};
use agent_orchestrator::{AgentOrchestrator, EventFilter, FileJournal, Journal, MemoryJournal, Seq};
use futures::StreamExt;

const USAGE: &str = "Usage: cargo run --features native --example journal -- <folder>";

#[tokio::main]
async fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    let (Some(folder), None) = (args.next(), args.next()) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    if folder == "--help" {
        let told = writeln!(
            io::stdout(),
            "{USAGE}\n\nPrints every event that the journal in this folder keeps, one a line, as JSON."
        );
        return if told.is_ok() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        };
    }
    match print(Path::new(&folder)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn print(folder: &Path) -> Result<(), Box<dyn Error>> {
    // Opening would make the folder.
    folder.read_dir()?;
    let file = FileJournal::open(folder).await?;
    let bytes = file.load(true).await?.frames.concat();
    file.close().await?;

    let copy = MemoryJournal::new();
    let events = copy_events(&bytes, &copy).await?;
    if events.is_empty() {
        return Ok(());
    }
    let orchestrator = AgentOrchestrator::builder()
        .journal(copy)
        .event_log_bytes(bytes.len())
        .build()
        .await?;
    let stream = orchestrator.events(EventFilter::all().from_seq(events.start))?;
    // The copy was opened, which is an event too: it ends the ones that are wanted.
    let mut wanted = stream.take_while(|event| std::future::ready(event.seq < events.end));
    let mut out = io::stdout().lock();
    while let Some(event) = wanted.next().await {
        if writeln!(out, "{}", serde_json::to_string(&event)?).is_err() {
            // Whoever reads our output may leave early, as `head` does.
            break;
        }
    }
    Ok(())
}

/// Copies the events, and the state before the first of them; later states would hide the events before them. Gives
/// the positions of the events.
async fn copy_events(bytes: &[u8], copy: &MemoryJournal) -> agent_orchestrator::Result<std::ops::Range<Seq>> {
    let found = recover([bytes])?;
    let mut at = 0;
    let mut position = 0;
    for frame in found.frames() {
        let whole = bytes[at..at + frame.len()].to_vec();
        at += frame.len();
        match frame.kind {
            FrameKind::Events => copy.append(position, whole).await?,
            FrameKind::Snapshot if position == 0 => copy.snapshot(frame.seq, whole).await?,
            FrameKind::Snapshot | FrameKind::Closed => {}
        }
        position = frame.last();
    }
    Ok(found.first()..found.position() + 1)
}
