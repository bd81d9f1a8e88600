//! The commands of [`Core`], each a call.

use wasm_bindgen::prelude::wasm_bindgen;

use super::core::Core;
use super::create::create_many;
use super::input::Strings;
use crate::kernel::{
    Attempt, Command, Ending, NewProvider, NewTask, OrchestratorError, ProviderKey, Reporter, TaskKey,
    TaskStatus, TaskUserStatus,
};
use crate::orchestrator::canonical_text;

/// How an attempt ended, as the face says it.
const SUCCESS: u32 = 1;
const RETRYABLE: u32 = 2;

#[wasm_bindgen]
impl Core {
    /// Says how many tasks of a group may run at once; any number for 0.
    #[wasm_bindgen(js_name = limitGroup)]
    pub fn limit_group(&self, now: f64, name: u32, max: u32) -> i32 {
        let max = (max > 0).then_some(max);
        self.with_strings(now, |strings| {
            let group = strings.next(name)?;
            Ok(Command::LimitGroup { group, max })
        })
    }

    /// Registers a provider; gives its key.
    #[wasm_bindgen(js_name = registerProvider)]
    pub fn register_provider(
        &self,
        now: f64,
        id: &str,
        label: Option<String>,
        description: Option<String>,
        max_concurrency: Option<u32>,
    ) -> i32 {
        let (label, description) = (label.as_deref(), description.as_deref());
        let provider = NewProvider {
            id,
            label,
            description,
            max_concurrency,
        };
        self.command(now, |_| Command::RegisterProvider(provider))
    }

    /// Unregisters a provider.
    #[wasm_bindgen(js_name = unregisterProvider)]
    pub fn unregister_provider(&self, now: f64, provider: u32) -> i32 {
        let key = ProviderKey::new(u16::try_from(provider).unwrap_or(u16::MAX));
        self.command(now, |_| Command::UnregisterProvider(key))
    }

    /// Creates a task that has a name, a description, perhaps a provider, and nothing else; gives its key.
    /// A negative length means that the string is absent: the name for the description, the default for the provider.
    pub fn create(&self, now: f64, name: u32, description: i32, provider: i32) -> i32 {
        let mut inner = self.inner.borrow_mut();
        let inner = &mut *inner;
        let mut strings = Strings::new(&inner.input);
        let strings = (|| {
            let name = strings.next(name)?;
            let description = strings.optional(description)?.unwrap_or(name);
            Ok((name, description, strings.optional(provider)?))
        })();
        let reply = strings.and_then(|(name, description, provider)| {
            let task = NewTask {
                name,
                description,
                provider: provider.or(inner.default_provider.as_deref()),
                working_directory: &inner.working_directory,
                ..NewTask::default()
            };
            inner.engine.handle(now as u64, Command::Create(&[task]))
        });
        self.answer(reply, &mut inner.engine, &mut inner.effects, &mut inner.error)
    }

    /// Creates tasks with everything that [`create_many`] reads; gives the key of the first, also when the same order
    /// came before.
    #[wasm_bindgen(js_name = createMany)]
    pub fn create_many(&self, now: f64, count: u32) -> i32 {
        let mut inner = self.inner.borrow_mut();
        let inner = &mut *inner;
        let reply = create_many(inner, now as u64, count);
        self.answer(reply, &mut inner.engine, &mut inner.effects, &mut inner.error)
    }

    /// Starts a task, or joins the attempt that is under way; gives the number of the attempt.
    pub fn start(&self, now: f64, task: u32) -> i32 {
        self.attempted(task, self.command(now, |_| Command::Start(TaskKey::new(task))))
    }

    /// Holds a task.
    pub fn pause(&self, now: f64, task: u32) -> i32 {
        self.command(now, |_| Command::Pause(TaskKey::new(task)))
    }

    /// Lets a task go on.
    pub fn resume(&self, now: f64, task: u32) -> i32 {
        self.command(now, |_| Command::Resume(TaskKey::new(task)))
    }

    /// Begins a new attempt; gives its number.
    pub fn restart(&self, now: f64, task: u32) -> i32 {
        self.attempted(task, self.command(now, |_| Command::Restart(TaskKey::new(task))))
    }

    /// Removes a task.
    pub fn delete(&self, now: f64, task: u32) -> i32 {
        self.command(now, |_| Command::Delete(TaskKey::new(task)))
    }

    /// Calls a task off.
    pub fn cancel(&self, now: f64, task: u32, reason: u32) -> i32 {
        let task = TaskKey::new(task);
        self.with_strings(now, |strings| {
            Ok(Command::Cancel {
                task,
                reason: strings.next(reason)?,
            })
        })
    }

    /// Gives a task another name.
    pub fn rename(&self, now: f64, task: u32, name: u32) -> i32 {
        let task = TaskKey::new(task);
        self.with_strings(now, |strings| {
            Ok(Command::Rename {
                task,
                name: strings.next(name)?,
            })
        })
    }

    /// Gives a task to another provider.
    pub fn reassign(&self, now: f64, task: u32, provider: u32) -> i32 {
        let task = TaskKey::new(task);
        self.with_strings(now, |strings| {
            Ok(Command::Reassign {
                task,
                provider: strings.next(provider)?,
            })
        })
    }

    /// Sets the user status.
    pub fn mark(&self, now: f64, task: u32, done: bool) -> i32 {
        let status = if done {
            TaskUserStatus::Done
        } else {
            TaskUserStatus::Open
        };
        self.command(now, |_| Command::Mark {
            task: TaskKey::new(task),
            status,
        })
    }

    /// Makes a task the current one; none, when negative.
    pub fn select(&self, now: f64, task: i32) -> i32 {
        self.command(now, |_| {
            Command::Select(u32::try_from(task).ok().map(TaskKey::new))
        })
    }

    /// Makes a task the current one of a scope; none, when negative.
    #[wasm_bindgen(js_name = selectIn)]
    pub fn select_in(&self, now: f64, scope: u32, task: i32) -> i32 {
        let task = u32::try_from(task).ok().map(TaskKey::new);
        self.with_strings(now, |strings| {
            Ok(Command::SelectIn {
                scope: strings.next(scope)?,
                task,
            })
        })
    }

    /// Appends output. Attempt 0 is the owner.
    pub fn output(&self, now: f64, task: u32, attempt: u32, text: u32) -> i32 {
        let (task, by) = (TaskKey::new(task), reporter(attempt));
        self.with_strings(now, |strings| {
            Ok(Command::Output {
                task,
                by,
                text: strings.next(text)?,
            })
        })
    }

    /// Sets the progress. Attempt 0 is the owner.
    pub fn progress(&self, now: f64, task: u32, attempt: u32, percent: f64) -> i32 {
        let (task, by) = (TaskKey::new(task), reporter(attempt));
        self.command(now, |_| Command::Progress { task, by, percent })
    }

    /// Adds a step and gives its number from 0, or -2 when it came too late. Attempt 0 is the owner.
    #[wasm_bindgen(js_name = addStep)]
    pub fn add_step(&self, now: f64, task: u32, attempt: u32, description: u32) -> i32 {
        let (task, by) = (TaskKey::new(task), reporter(attempt));
        self.with_strings(now, |strings| {
            Ok(Command::AddStep {
                task,
                by,
                description: strings.next(description)?,
            })
        })
    }

    /// Changes a step. Attempt 0 is the owner; a negative length of the output means that there is none.
    #[wasm_bindgen(js_name = updateStep)]
    pub fn update_step(&self, now: f64, task: u32, attempt: u32, step: u32, status: u32, output: i32) -> i32 {
        let (task, by) = (TaskKey::new(task), reporter(attempt));
        self.with_strings(now, |strings| {
            let (step, output) = (strings.next(step)?, strings.optional(output)?);
            let status = *TaskStatus::ALL
                .get(status as usize)
                .ok_or_else(|| OrchestratorError::invalid("there is no such status"))?;
            Ok(Command::UpdateStep {
                task,
                by,
                step,
                status,
                output,
            })
        })
    }

    /// Ends an attempt with a result: 0 is a failure for good, 1 a success, 2 a failure that another attempt may do
    /// better. A negative length means that the string is absent.
    #[allow(
        clippy::too_many_arguments,
        reason = "an object with these fields would cost more than all of the call"
    )]
    pub fn finish(
        &self,
        now: f64,
        task: u32,
        attempt: u32,
        how: u32,
        summary: u32,
        error: i32,
        detail: u32,
    ) -> i32 {
        let mut inner = self.inner.borrow_mut();
        let inner = &mut *inner;
        let mut strings = Strings::new(&inner.input);
        let (task, attempt) = (TaskKey::new(task), Attempt::new(attempt));
        let ending = (|| {
            let (summary, error) = (strings.next(summary)?, strings.optional(error)?);
            Ok((
                summary,
                error,
                canonical_text("the result", strings.next(detail)?)?,
            ))
        })();
        let reply = match &ending {
            Ok((summary, error, detail)) => {
                let ending = Ending::Result {
                    success: how == SUCCESS,
                    summary,
                    error: *error,
                    detail,
                    retryable: how == RETRYABLE,
                };
                inner.engine.handle(
                    now as u64,
                    Command::Finish {
                        task,
                        attempt,
                        ending,
                    },
                )
            }
            // The attempt is over either way.
            Err(refusal) => {
                let ending = Ending::Error {
                    error: OrchestratorError::message(refusal),
                    retryable: false,
                };
                inner.engine.handle(
                    now as u64,
                    Command::Finish {
                        task,
                        attempt,
                        ending,
                    },
                )
            }
        };
        self.answer(reply, &mut inner.engine, &mut inner.effects, &mut inner.error)
    }

    /// Ends an attempt with an error.
    pub fn fail(&self, now: f64, task: u32, attempt: u32, error: u32, retryable: bool) -> i32 {
        let (task, attempt) = (TaskKey::new(task), Attempt::new(attempt));
        self.with_strings(now, |strings| {
            Ok(Command::Finish {
                task,
                attempt,
                ending: Ending::Error {
                    error: strings.next(error)?,
                    retryable,
                },
            })
        })
    }
}

const fn reporter(attempt: u32) -> Reporter {
    if attempt == 0 {
        Reporter::Owner
    } else {
        Reporter::Attempt(Attempt::new(attempt))
    }
}
