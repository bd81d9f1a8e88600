//! The native host: tokio, and the files of the operating system.
//!
//! May use: everything below, tokio's runtime and timers, files. Knows nothing of JS.

mod disk;
mod file_journal;
mod lock;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::runtime::Handle;

pub use file_journal::FileJournal;

use crate::kernel::{ErrorCode, Millis, OrchestratorError, Result};
use crate::orchestrator::{AgentOrchestrator, AgentOrchestratorBuilder};
use crate::runtime::{BoxFuture, Runtime};

impl AgentOrchestratorBuilder {
    /// Opens the orchestrator.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for a number that is 0 or when there is no runtime, `PROVIDER_EXISTS` for an id that is
    /// used twice, `PROVIDER_NOT_FOUND` for a default that is not among the providers.
    pub async fn build(self) -> Result<AgentOrchestrator> {
        self.build_on(|| Ok(Arc::new(TokioRuntime::current()?))).await
    }
}

/// Runs providers on a tokio runtime, on as many threads as it has.
#[derive(Clone, Debug)]
pub struct TokioRuntime {
    handle: Handle,
}

impl TokioRuntime {
    /// The runtime that the caller runs on.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` outside of a tokio runtime.
    pub fn current() -> Result<Self> {
        Handle::try_current().map(|handle| Self { handle }).map_err(|_| {
            OrchestratorError::new(
                ErrorCode::InvalidArgument,
                "there is no tokio runtime here: call this from one, or pass a runtime to the builder",
            )
        })
    }

    /// Another runtime.
    #[must_use]
    pub const fn new(handle: Handle) -> Self {
        Self { handle }
    }
}

impl Runtime for TokioRuntime {
    fn now(&self) -> Millis {
        // The one place where native time comes in; wasm32 never gets here.
        #[allow(clippy::disallowed_methods, reason = "this is the runtime seam")]
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        // A clock before 1970 counts as 1970.
        since.map_or(0, |since| since.as_millis() as Millis)
    }

    fn random(&self) -> u64 {
        // Without randomness ids are still unique within the journal, which is all that is promised.
        getrandom::u64().unwrap_or_default()
    }

    fn spawn(&self, future: BoxFuture<'static, ()>) {
        drop(self.handle.spawn(future));
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let _guard = self.handle.enter();
        Box::pin(tokio::time::sleep(duration))
    }
}
