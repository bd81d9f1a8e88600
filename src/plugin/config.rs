//! The options of services that are started without any: one place in the process, for hosts that configure in one place
//! and start in another.

use std::sync::{Mutex, PoisonError};

use super::options::AgentOrchestratorPluginOptions;

type Configured = Mutex<Option<AgentOrchestratorPluginOptions>>;

#[cfg(not(target_family = "wasm"))]
fn configured<T>(look: impl FnOnce(&Configured) -> T) -> T {
    static CONFIGURED: Configured = Mutex::new(None);
    look(&CONFIGURED)
}

/// There is one thread, and providers stay on it.
#[cfg(target_family = "wasm")]
fn configured<T>(look: impl FnOnce(&Configured) -> T) -> T {
    thread_local! {
        static CONFIGURED: Configured = const { Mutex::new(None) };
    }
    CONFIGURED.with(look)
}

fn swap(options: Option<AgentOrchestratorPluginOptions>) {
    let before = configured(|place| {
        let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *place, options)
    });
    // Providers are foreign code, also when they are dropped: not under the lock.
    drop(before);
}

/// Says what services get that are started without options of their own. The last call counts; services that run keep
/// what they were started with. Nothing is checked before a service starts.
pub fn configure_agent_orchestrator_plugin(options: AgentOrchestratorPluginOptions) {
    swap(Some(options));
}

/// What was said last, if anything.
#[must_use]
pub fn get_configured_options() -> Option<AgentOrchestratorPluginOptions> {
    configured(|place| place.lock().unwrap_or_else(PoisonError::into_inner).clone())
}

/// Forgets what was said.
pub fn reset_configuration() {
    swap(None);
}
