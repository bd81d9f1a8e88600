//! What a scripted provider does in one attempt.

use crate::kernel::Millis;

/// One thing that an attempt does.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Act {
    /// Appends output.
    Output(String),
    /// Sets the progress.
    Progress(f64),
    /// Adds a step.
    Step(String),
    /// Waits this many milliseconds of the runtime's time.
    Wait(Millis),
    /// Waits while the task is paused.
    UntilResumed,
    /// Waits until the attempt is called off.
    UntilCancelled,
    /// Takes no notice of a cancel from here on: what it reports then is late.
    IgnoreCancel,
    /// Ends with a success and this summary.
    Succeed(String),
    /// Ends with a failure.
    Fail {
        /// What went wrong.
        error: String,
        /// Whether another attempt may do better.
        retryable: bool,
    },
    /// Panics with this message.
    Panic(String),
    /// Does nothing any more, and never ends by itself.
    Never,
}

/// The acts of one attempt, in order. One that does not say how it ends ends with a success.
///
/// Before each act, and while it waits, it looks whether the attempt was called off, and ends if so.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Script {
    acts: Vec<Act>,
}

impl Script {
    /// A script that succeeds at once.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an act.
    #[must_use]
    pub fn then(mut self, act: Act) -> Self {
        self.acts.push(act);
        self
    }

    /// Appends output.
    #[must_use]
    pub fn output(self, text: impl Into<String>) -> Self {
        self.then(Act::Output(text.into()))
    }

    /// Sets the progress.
    #[must_use]
    pub fn progress(self, percent: f64) -> Self {
        self.then(Act::Progress(percent))
    }

    /// Waits this many milliseconds.
    #[must_use]
    pub fn wait(self, time: Millis) -> Self {
        self.then(Act::Wait(time))
    }

    /// Ends with a success.
    #[must_use]
    pub fn succeed(self, summary: impl Into<String>) -> Self {
        self.then(Act::Succeed(summary.into()))
    }

    /// Ends with a failure after which another attempt may do better.
    #[must_use]
    pub fn fail(self, error: impl Into<String>) -> Self {
        let error = error.into();
        self.then(Act::Fail {
            error,
            retryable: true,
        })
    }

    /// Panics.
    #[must_use]
    pub fn panic(self, message: impl Into<String>) -> Self {
        self.then(Act::Panic(message.into()))
    }

    /// Never ends by itself.
    #[must_use]
    pub fn never(self) -> Self {
        self.then(Act::Never)
    }

    /// What it does, in order.
    #[must_use]
    pub fn acts(&self) -> &[Act] {
        &self.acts
    }
}

impl FromIterator<Act> for Script {
    fn from_iter<I: IntoIterator<Item = Act>>(acts: I) -> Self {
        Self {
            acts: acts.into_iter().collect(),
        }
    }
}
