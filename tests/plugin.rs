//! The elizaOS face: its words, its actions, its service, through the public API.

#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at what must not happen"
)]

mod rust {
    mod plugin_chat;
    mod plugin_config;
    mod plugin_conversations;
    mod plugin_corpus;
    mod plugin_faults;
    mod plugin_host;
    mod plugin_intents;
    #[cfg(feature = "native")]
    #[rustfmt::skip]
    #[allow(unused_variables, reason = "the README is as it was")]
    mod plugin_readme;
    mod plugin_recovery;
    mod plugin_service;
}
