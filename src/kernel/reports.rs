//! What is said of a task while it lives: output, progress, steps. From providers, or from the owner.

use super::Turn;
use super::command::{Reply, Reporter};
use super::error::{ErrorCode, OrchestratorError, Result};
use super::event::{Event, Report};
use super::id::TaskKey;
use super::limits;
use super::output::normalise;
use super::status::{self, TaskStatus, Verb};

impl Turn<'_> {
    /// Lets a report through, or says that it is late.
    fn accept(&mut self, task: TaskKey, by: Reporter, verb: Verb, report: Report) -> Result<bool> {
        match by {
            Reporter::Attempt(attempt) => {
                let late = self.is_late(task, attempt, report)?;
                if !late {
                    // Even if it says nothing new.
                    self.alive(task);
                }
                Ok(!late)
            }
            Reporter::Owner => status::check(self.task(task)?.status, verb).map(|_| true),
        }
    }

    pub(super) fn output(&mut self, task: TaskKey, by: Reporter, text: &str) -> Result<Reply> {
        limits::OUTPUT_TEXT.check(text.len())?;
        if !self.accept(task, by, Verb::Annotate, Report::Output)? {
            return Ok(Reply::Late);
        }
        let text = normalise(text);
        if text.is_empty() {
            return Ok(Reply::Nothing);
        }
        let max_lines = self.config.max_output_lines.max(1) as usize;
        let dropped = self
            .task(task)?
            .output
            .overflow(&text, max_lines, limits::OUTPUT_KEPT.max);
        self.emit(&Event::Output {
            task,
            dropped,
            text: &text,
        });
        Ok(Reply::Done)
    }

    pub(super) fn progress(&mut self, task: TaskKey, by: Reporter, percent: f64) -> Result<Reply> {
        if !percent.is_finite() {
            let what = if percent.is_nan() { "NaN" } else { "infinite" };
            return Err(OrchestratorError::invalid(format!(
                "progress must be a number from 0 to 100, not {what}"
            )));
        }
        if !self.accept(task, by, Verb::Progress, Report::Progress)? {
            return Ok(Reply::Late);
        }
        // Half up, as people round; the clamp makes the cast exact.
        let progress = (percent.clamp(0.0, 100.0) + 0.5).floor() as u8;
        if progress == self.task(task)?.progress {
            return Ok(Reply::Nothing);
        }
        self.emit(&Event::Progressed { task, progress });
        Ok(Reply::Done)
    }

    pub(super) fn add_step(&mut self, task: TaskKey, by: Reporter, description: &str) -> Result<Reply> {
        check_step(description)?;
        let count = self.task(task)?.steps().len();
        limits::STEPS.check(count + 1)?;
        if !self.accept(task, by, Verb::Annotate, Report::Step)? {
            return Ok(Reply::Late);
        }
        // At most 1000 steps.
        let step = u32::try_from(count).unwrap_or(u32::MAX);
        self.emit(&Event::StepAdded {
            task,
            step,
            planned: by == Reporter::Owner,
            description,
        });
        Ok(Reply::Step(step))
    }

    pub(super) fn update_step(
        &mut self,
        task: TaskKey,
        by: Reporter,
        step: &str,
        status: TaskStatus,
        output: Option<&str>,
    ) -> Result<Reply> {
        let output = output.filter(|output| !output.trim().is_empty());
        limits::STEP_TEXT.check(output.map_or(0, str::len))?;
        if !self.accept(task, by, Verb::Annotate, Report::Step)? {
            return Ok(Reply::Late);
        }
        let found = self.task(task)?;
        let count = found.steps().len();
        let Some(index) = step_index(step).filter(|index| *index < count) else {
            return Err(OrchestratorError::new(
                ErrorCode::StepNotFound,
                format!(
                    "the task has no step {}; it has {count}: s1 to s{count}",
                    limits::quoted(step)
                ),
            ));
        };
        // A task that has ended keeps the progress it ended with.
        let progress = match found.status.is_terminal() {
            true => found.progress,
            false => found.progress_with(index, status),
        };
        let changed = progress != found.progress;
        // Copied, since the event must not borrow from the state that it changes.
        let before = found.steps()[index].clone();
        let output = output.or(before.output());
        // At most 1000 steps.
        let step = u32::try_from(index).unwrap_or(u32::MAX);
        let description = before.description();
        self.emit(&Event::StepUpdated {
            task,
            step,
            description,
            status,
            output,
        });
        if changed {
            self.emit(&Event::Progressed { task, progress });
        }
        Ok(Reply::Done)
    }
}

pub(super) fn check_step(description: &str) -> Result<()> {
    limits::STEP_TEXT.check(description.len())?;
    if description.trim().is_empty() {
        return Err(OrchestratorError::invalid(
            "a step's description must not be blank",
        ));
    }
    Ok(())
}

/// `s1` is the first step.
fn step_index(id: &str) -> Option<usize> {
    let number = id
        .strip_prefix('s')
        .filter(|number| number.bytes().all(|b| b.is_ascii_digit()))?;
    if number.starts_with('0') {
        return None;
    }
    number.parse::<usize>().ok()?.checked_sub(1)
}
