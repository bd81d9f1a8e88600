//! Shows a survey while it runs: one line per event.

use std::collections::HashMap;
use std::io::Write;

use agent_orchestrator::{EventKind, EventStream, OrchestratedTask, TaskStatus};
use futures::StreamExt;

use super::text::printable;

/// Writes a line. Whoever reads our output may leave early, as `head` does; the survey is still worth finishing.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{}", printable(line));
}

/// Tells each event once, in order, until there are no more. `known` are the tasks that were there before.
pub(crate) async fn write_log(known: Vec<OrchestratedTask>, mut events: EventStream) {
    let mut names: HashMap<String, String> = known.into_iter().map(|task| (task.id, task.name)).collect();
    let mut begin = None;
    while let Some(event) = events.next().await {
        let begin = *begin.get_or_insert(event.at);
        if let EventKind::Created { task_id, name, .. } = &event.kind {
            names.insert(task_id.clone(), name.clone());
        }
        let Some(text) = in_words(&event.kind) else {
            continue;
        };
        let name = event.kind.task_id().and_then(|id| names.get(id));
        let name = name.map_or(String::new(), |name| format!("{name}: "));
        say(&format!(
            "{:7.2}s  {name}{text}",
            (event.at - begin) as f64 / 1000.0
        ));
    }
}

/// Progress is left out: the output lines say the same, and more. So is what has not begun.
fn in_words(kind: &EventKind) -> Option<String> {
    Some(match kind {
        EventKind::Started { .. } => "started".to_owned(),
        EventKind::Output { lines, .. } => lines.join(" / "),
        EventKind::Step { step, .. } if step.status != TaskStatus::Pending => {
            format!("{}: {}", step.description, step.status)
        }
        EventKind::Paused { .. } => "paused".to_owned(),
        EventKind::Resumed { .. } => "resumed".to_owned(),
        EventKind::Completed { summary, .. } => format!("completed. {summary}"),
        EventKind::Failed { error, .. } => format!("failed. {error}"),
        EventKind::Cancelled { reason, .. } => format!("cancelled. {reason}"),
        EventKind::Lagged { dropped } => format!("{dropped} events were not shown"),
        _ => return None,
    })
}
