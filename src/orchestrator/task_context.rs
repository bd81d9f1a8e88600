//! A task as text for a model's prompt. Bounded, whatever the task has said.

use std::fmt::Write;

use crate::kernel::{Kernel, TaskKey};

const MAX_LINES: usize = 200;
const MAX_CHARS: usize = 20_000;
const MAX_DESCRIPTION: usize = 4_000;
const MAX_STEPS: usize = 100;

/// The text about a task; without one, about the current task, or else the newest.
pub(crate) fn task_context(kernel: &Kernel, task: Option<TaskKey>) -> String {
    let newest = || kernel.tasks().next_back().map(|(key, _)| key);
    let chosen = task.or_else(|| kernel.current());
    let Some(task) = chosen.or_else(newest).and_then(|key| kernel.task(key)) else {
        return "No tasks have been created yet.".to_owned();
    };
    let selected = if chosen.is_some() { " (selected)" } else { "" };
    let label = kernel
        .provider(task.provider())
        .map_or("", |provider| provider.label());
    let mut out = format!(
        "## Current Task{selected}: {}\n- **Execution status**: {}\n- **Progress**: {}%\n- **Provider**: {}\n",
        one_line(task.name()),
        task.status(),
        task.progress(),
        one_line(label),
    );
    let mut section = |title: &str, text: &str| {
        // Writing to a string cannot fail.
        let _ = write!(out, "\n### {title}\n{text}\n");
    };
    if !task.description().trim().is_empty() {
        section(
            "Description",
            first_chars(task.description(), MAX_DESCRIPTION).trim_end(),
        );
    }
    if !task.steps().is_empty() {
        let steps: Vec<String> = task
            .steps()
            .iter()
            .take(MAX_STEPS)
            .map(|step| {
                format!(
                    "- [{}] {}",
                    step.status(),
                    first_chars(&one_line(step.description()), 500)
                )
            })
            .collect();
        section("Plan / Steps", &steps.join("\n"));
    }
    if task.output().len() > 0 {
        let text = last_lines(task.output());
        // Longer than any fence in the text, so that the text cannot end it.
        let fence = "`".repeat(longest_run(&text, '`').max(2) + 1);
        section("Task Output (history)", &format!("{fence}\n{text}\n{fence}"));
    }
    out.trim_end().to_owned()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn first_chars(text: &str, max: usize) -> &str {
    text.char_indices().nth(max).map_or(text, |(end, _)| &text[..end])
}

/// The last lines that fit; of a last line that alone does not, its end.
fn last_lines<'a>(lines: impl DoubleEndedIterator<Item = &'a str>) -> String {
    let mut kept = Vec::new();
    let mut room = MAX_CHARS;
    for line in lines.rev().take(MAX_LINES) {
        let length = line.chars().count() + 1;
        if length > room {
            if kept.is_empty() {
                let start = line
                    .char_indices()
                    .nth(length - room)
                    .map_or(0, |(start, _)| start);
                kept.push(&line[start..]);
            }
            break;
        }
        room -= length;
        kept.push(line);
    }
    kept.reverse();
    kept.join("\n")
}

fn longest_run(text: &str, wanted: char) -> usize {
    text.split(|c| c != wanted).map(str::len).max().unwrap_or(0)
}
