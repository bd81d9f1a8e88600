//! Where the driver and the future of one start of an agent meet.

use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::sync::Notify;

use super::letter::Letter;
use crate::kernel::Message;

/// What an agent is to do next.
pub(crate) enum Order {
    /// Answer a message.
    Prompt(Message, Work),
    /// Go.
    Halt,
}

/// What a message says.
pub(crate) enum Work {
    /// It was sent in this process.
    Letter(Arc<Letter>),
    /// It was sent before a crash, as JSON.
    Text(String),
    /// It no longer counts.
    Gone,
}

/// Where the driver and the future of one start of an agent meet.
#[derive(Default)]
pub(crate) struct Desk {
    state: Mutex<State>,
    /// Those that the agent made to wait until its message no longer counts.
    called_off: Notify,
}

#[derive(Default)]
struct State {
    work: Option<(Message, Work)>,
    halted: bool,
    discarded: bool,
    /// This message, and those before it, no longer count.
    aborted: Message,
    /// The agent waits for something to do.
    idle: bool,
    waker: Option<Waker>,
}

impl Desk {
    /// Nothing foreign runs while this is held, so it is whole even after a panic.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lays a message on the desk, and gives whom to wake once nothing is locked.
    pub(super) fn give(&self, message: Message, work: Work) -> Option<Waker> {
        let mut state = self.state();
        state.work = Some((message, work));
        let idle = std::mem::take(&mut state.idle);
        state.waker.take_if(|_| idle)
    }

    /// The message no longer counts. [`stir`](Self::stir) is to be called once nothing is locked, as after the others.
    pub(super) fn abort(&self, message: Message) {
        let mut state = self.state();
        state.aborted = state.aborted.max(message);
    }

    /// The agent may go when it has nothing to do.
    pub(super) fn halt(&self) {
        self.state().halted = true;
    }

    /// The agent is to be dropped where it stands.
    pub(super) fn discard(&self) {
        self.state().discarded = true;
    }

    /// Wakes the agent, and those that it made to wait.
    pub(super) fn stir(&self) {
        let mut state = self.state();
        state.idle = false;
        let waker = state.waker.take();
        let called_off = state.discarded || state.aborted > Message::default();
        drop(state);
        if called_off {
            self.called_off.notify_waiters();
        }
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Whether the agent is to be dropped; if not, its future is woken when something changes.
    pub(super) fn is_discarded(&self, cx: &Context<'_>) -> bool {
        let mut state = self.state();
        match &mut state.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        state.discarded
    }

    /// Whether the message no longer counts.
    pub(super) fn is_aborted(&self, message: Message) -> bool {
        let state = self.state();
        state.discarded || state.aborted >= message
    }

    /// What to do next. Only to be polled by the future that [`is_discarded`](Self::is_discarded) was told of.
    pub(super) fn next(&self) -> Poll<Order> {
        let mut state = self.state();
        if let Some((message, work)) = state.work.take() {
            let gone = state.aborted >= message;
            return Poll::Ready(Order::Prompt(message, if gone { Work::Gone } else { work }));
        }
        if state.halted {
            return Poll::Ready(Order::Halt);
        }
        state.idle = true;
        Poll::Pending
    }

    /// Ready once the message no longer counts; for any task.
    pub(super) async fn aborted(self: Arc<Self>, message: Message) {
        loop {
            let mut told = pin!(self.called_off.notified());
            told.as_mut().enable();
            if self.is_aborted(message) {
                return;
            }
            told.await;
        }
    }
}
