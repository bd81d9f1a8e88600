//! The host's event loop: browsers, workers, Node, Deno, Bun, workerd.

use std::time::Duration;

use js_sys::{Date, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::JsFuture;

use super::{BoxFuture, Runtime};
use crate::kernel::Millis;

#[wasm_bindgen]
extern "C" {
    // Globals, so that it works without a window. Node's timer is an object, browsers' a number.
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &js_sys::Function, milliseconds: i32) -> JsValue;
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(timer: &JsValue);
}

/// Runs on the event loop that the wasm instance lives on.
#[derive(Clone, Copy, Debug, Default)]
pub struct BrowserRuntime;

impl Runtime for BrowserRuntime {
    fn now(&self) -> Millis {
        Date::now() as Millis
    }

    fn steady(&self) -> Millis {
        performance_now() as Millis
    }

    fn random(&self) -> u64 {
        // Without randomness ids are still unique within the journal, which is all that is promised.
        getrandom::u64().unwrap_or_default()
    }

    fn spawn(&self, future: BoxFuture<'static, ()>) {
        wasm_bindgen_futures::spawn_local(future);
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let end = performance_now() + duration.as_secs_f64() * 1000.0;
        Box::pin(async move {
            // A timer holds 31 bits of milliseconds, so a long sleep is several.
            loop {
                let left = end - performance_now();
                if left <= 0.0 {
                    return;
                }
                wait(left.ceil().min(f64::from(i32::MAX)) as i32).await;
            }
        })
    }
}

/// One timer, cleared when nobody waits for it any more: it would keep Node alive.
async fn wait(milliseconds: i32) {
    struct ClearOnDrop(JsValue);
    impl Drop for ClearOnDrop {
        fn drop(&mut self) {
            clear_timeout(&self.0);
        }
    }
    let mut timer = JsValue::UNDEFINED;
    let promise = Promise::new(&mut |resolve, _| timer = set_timeout(&resolve, milliseconds));
    let _clear = ClearOnDrop(timer);
    // The promise is never rejected.
    let _ = JsFuture::from(promise).await;
}
