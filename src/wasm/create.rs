//! Reads tasks to create, with everything that they may have.

use super::core::Inner;
use super::input::Fields;
use crate::kernel::limits::BATCH;
use crate::kernel::{
    Command, Millis, NewPlan, NewTask, OnDependencyFailure, OnInterrupt, Reply, Result, Retry, Timeouts,
};
use crate::orchestrator::canonical_text;

/// What of a new task is not borrowed from the input.
#[derive(Default)]
struct Made<'a> {
    tags: Vec<&'a str>,
    steps: Vec<&'a str>,
    metadata: String,
    depends_on: Vec<&'a str>,
}

pub(super) fn create_many(inner: &mut Inner, now: u64, count: u32) -> Result<Reply> {
    BATCH.check(count as usize)?;
    let mut fields = Fields::new(&inner.input);
    let mut made = Vec::new();
    let mut tasks: Vec<NewTask<'_>> = Vec::new();
    for _ in 0..count {
        let name = fields.text()?;
        tasks.push(NewTask {
            name,
            description: fields.optional()?.unwrap_or(name),
            id: fields.optional()?,
            provider: fields.optional()?.or(inner.default_provider.as_deref()),
            sub_agent_type: fields.optional()?,
            working_directory: fields.optional()?.unwrap_or(&inner.working_directory),
            room: fields.optional()?,
            world: fields.optional()?,
            parent: fields.optional()?,
            ..NewTask::default()
        });
        let (metadata, tags, steps) = (fields.text()?, fields.texts()?, fields.texts()?);
        let mut depends_on = Vec::new();
        if fields.number()? == 1
            && let Some(task) = tasks.last_mut()
        {
            task.plan = plan(&mut fields, &mut depends_on)?;
        }
        made.push(Made {
            metadata: canonical_text("metadata", metadata)?,
            tags,
            steps,
            depends_on,
        });
    }
    for (task, made) in tasks.iter_mut().zip(&made) {
        task.tags = &made.tags;
        task.steps = &made.steps;
        task.metadata = &made.metadata;
        task.plan.depends_on = &made.depends_on;
    }
    inner.engine.handle(now, Command::Create(&tasks))
}

fn plan<'a>(fields: &mut Fields<'a>, depends_on: &mut Vec<&'a str>) -> Result<NewPlan<'a>> {
    let start = fields.number()? == 1;
    let group = fields.optional()?;
    // It crosses without a sign; a wrong one comes out as another wrong one.
    let priority = (i64::from(fields.number()?) - 1000).clamp(-1001, 1001) as i32;
    *depends_on = fields.texts()?;
    let on_dependency_failure = match fields.number()? {
        0 => OnDependencyFailure::Block,
        _ => OnDependencyFailure::Fail,
    };
    let retry = match fields.number()? {
        0 => None,
        _ => Some(Retry {
            max_attempts: fields.number()?,
            delay: fields.wide()?,
            max_delay: fields.wide()?,
            factor: fields.number()?,
            jitter: fields.number()?,
        }),
    };
    let mut span = || -> Result<Option<Millis>> {
        match fields.number()? {
            0 => Ok(None),
            _ => fields.wide().map(Some),
        }
    };
    let timeouts = Timeouts {
        attempt: span()?,
        idle: span()?,
        total: span()?,
    };
    let (deadline, start_at) = (span()?, span()?);
    let on_interrupt = (fields.number()? as usize)
        .checked_sub(1)
        .and_then(|number| OnInterrupt::ALL.get(number).copied());
    Ok(NewPlan {
        start,
        group,
        priority,
        depends_on: &[],
        on_dependency_failure,
        retry,
        timeouts,
        deadline,
        start_at,
        on_interrupt,
        outlives_parent: fields.number()? == 1,
        idempotency_key: fields.optional()?,
    })
}
