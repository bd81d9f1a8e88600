//! The seam to the host: time, randomness, and something that runs futures.
//!
//! The only room, with `wasm/` and `native/`, that knows which host it is on. May use: futures, and on wasm32 the
//! bindings to the host's timers.

#[cfg(target_family = "wasm")]
mod browser;
mod simulated;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

#[cfg(target_family = "wasm")]
pub use browser::BrowserRuntime;
pub use simulated::SimulatedRuntime;

use crate::kernel::Millis;

/// `Send` natively; nothing on wasm32, where there is one thread and JS values cannot leave it.
#[cfg(not(target_family = "wasm"))]
pub trait MaybeSend: Send {}
#[cfg(not(target_family = "wasm"))]
impl<T: Send + ?Sized> MaybeSend for T {}
/// `Send` natively; nothing on wasm32, where there is one thread and JS values cannot leave it.
#[cfg(target_family = "wasm")]
pub trait MaybeSend {}
#[cfg(target_family = "wasm")]
impl<T: ?Sized> MaybeSend for T {}

/// `Sync` natively; nothing on wasm32.
#[cfg(not(target_family = "wasm"))]
pub trait MaybeSync: Sync {}
#[cfg(not(target_family = "wasm"))]
impl<T: Sync + ?Sized> MaybeSync for T {}
/// `Sync` natively; nothing on wasm32.
#[cfg(target_family = "wasm")]
pub trait MaybeSync {}
#[cfg(target_family = "wasm")]
impl<T: ?Sized> MaybeSync for T {}

/// A future on the heap, `Send` where the host has threads.
#[cfg(not(target_family = "wasm"))]
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
/// A future on the heap, `Send` where the host has threads.
#[cfg(target_family = "wasm")]
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// A function that a provider may call, from any thread where the host has threads.
#[cfg(not(target_family = "wasm"))]
pub type Callback<T> = Box<dyn Fn(T) + Send + Sync>;
/// A function that a provider may call, from any thread where the host has threads.
#[cfg(target_family = "wasm")]
pub type Callback<T> = Box<dyn Fn(T)>;

/// What an orchestrator needs of its host.
pub trait Runtime: MaybeSend + MaybeSync + 'static {
    /// The time. It may jump; the journal never runs backwards all the same.
    fn now(&self) -> Millis;

    /// Milliseconds by a clock that never jumps, from any begin. Spans are told by it.
    fn steady(&self) -> Millis;

    /// Random bits, for ids.
    fn random(&self) -> u64;

    /// Runs a future to its end, in the background.
    fn spawn(&self, future: BoxFuture<'static, ()>);

    /// Waits, however long.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
}
