//! Supervised agents through the public API: the rules of the earlier system's orchestrator, and that we do not have its
//! faults.

#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at what must not happen"
)]

mod rust {
    pub(crate) mod echo_agent;

    mod supervised {
        mod durable;
        mod ends;
        mod failures;
        #[cfg(feature = "native")]
        mod host;
        mod mail;
        mod registration;
    }
}
