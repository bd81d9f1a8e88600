//! One start of an agent, as the floor above drives it.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use futures::FutureExt;

use super::cell::Launch;
use super::desk::{Desk, Order};
use super::error::AgentError;
use super::letter::Letter;
use super::message::AgentResult;
use crate::kernel::{
    AgentCommand, AgentKey, Command, ErrorCode, Incarnation, Message, Reply, Result, limits,
};
use crate::orchestrator::attempt::panic_message;
use crate::orchestrator::driver::Driver;
use crate::orchestrator::json::{canonical_value, size_of};
use crate::runtime::BoxFuture;

/// One start of an agent: what it is to do, and where it says how it went. Clones are of the same start.
#[derive(Clone)]
pub(crate) struct Life {
    driver: Driver,
    agent: AgentKey,
    incarnation: Incarnation,
    desk: Arc<Desk>,
    /// Whether its replies are in the journal.
    records: bool,
}

impl Life {
    pub(super) const fn new(
        driver: Driver,
        agent: AgentKey,
        incarnation: Incarnation,
        desk: Arc<Desk>,
        records: bool,
    ) -> Self {
        Self {
            driver,
            agent,
            incarnation,
            desk,
            records,
        }
    }

    /// The future of this start, which is dropped where it stands when it is discarded.
    pub(super) fn begin(self, launch: &Launch) -> BoxFuture<'static, ()> {
        let desk = self.desk.clone();
        let mut work = launch(self);
        Box::pin(async move {
            poll_fn(|cx| {
                if desk.is_discarded(cx) {
                    return Poll::Ready(());
                }
                work.as_mut().poll(cx)
            })
            .await;
            // With it goes the agent, which may panic even now. The panic hook tells of it.
            let _ = catch_unwind(AssertUnwindSafe(|| drop(work)));
        })
    }

    pub(crate) const fn incarnation(&self) -> Incarnation {
        self.incarnation
    }

    /// What to do next. Only to be awaited in the future of this start.
    pub(crate) fn next(&self) -> impl Future<Output = Order> {
        poll_fn(|_| self.desk.next())
    }

    /// Lets everything else that can go on go on once.
    pub(crate) async fn let_others(&self) {
        let mut asked = false;
        poll_fn(|cx| {
            if std::mem::replace(&mut asked, true) {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }

    /// The agent is made.
    pub(crate) fn ready(&self) {
        let (agent, incarnation) = (self.agent, self.incarnation);
        self.tell(AgentCommand::Ready { agent, incarnation });
    }

    /// The agent is gone, as it was told.
    pub(crate) fn halted(&self) {
        let (agent, incarnation) = (self.agent, self.incarnation);
        self.tell(AgentCommand::Halted { agent, incarnation });
    }

    /// The agent wants to end after its message.
    pub(crate) fn quit(&self) {
        let (agent, incarnation) = (self.agent, self.incarnation);
        let quit = Command::Agent(AgentCommand::Quit { agent, incarnation });
        // As `tell`.
        let _ = self.driver.change(|owned, now| {
            if owned.engine.handle(now, quit)? == Reply::Done {
                owned.agents.cell(agent).quits = true;
            }
            Ok(())
        });
    }

    fn tell(&self, command: AgentCommand<'_>) {
        // Refused when all is disposed of: then nobody is left who wants to know.
        let _ = self.driver.command(Command::Agent(command));
    }

    /// The agent has answered a message.
    ///
    /// # Errors
    /// For an answer that cannot be kept: the agent is still at the message.
    pub(crate) fn answer(
        &self,
        message: Message,
        letter: Option<&Letter>,
        result: AgentResult,
    ) -> Result<()> {
        let reply = if self.records {
            canonical_value(&result.content)?
        } else {
            limits::REPLY.check(size_of(&result.content)?)?;
            String::new()
        };
        // Copied before anything is locked, unless it is short.
        let long = (!result.is_short()).then(|| result.clone());
        let answer = AgentCommand::Answer {
            agent: self.agent,
            incarnation: self.incarnation,
            message,
            reply: &reply,
        };
        // What was said before is dropped once the lock is released.
        let _before = self
            .driver
            .change_mail(self.agent, Some(self.incarnation), |owned, now| {
                if owned.engine.handle(now, Command::Agent(answer))? != Reply::Done {
                    return Ok(None);
                }
                owned.agents.cell(self.agent).remember(&result, long);
                Ok(letter.and_then(|letter| letter.put(Ok(result))))
            })?;
        Ok(())
    }

    /// The agent has failed, at a message or before it was made. `text` is the error in words.
    pub(crate) fn fail(
        &self,
        message: Option<Message>,
        letter: Option<&Letter>,
        error: AgentError,
        text: &str,
    ) {
        let fail = AgentCommand::Fail {
            agent: self.agent,
            incarnation: self.incarnation,
            message,
            error: text,
            retryable: error.is_retryable(),
        };
        // Refused when all is disposed of: then nobody is left who wants to know. What was said before is dropped once
        // the lock is released.
        let _before = self.driver.change(|owned, now| {
            if owned.engine.handle(now, Command::Agent(fail))? != Reply::Done {
                return Ok(None);
            }
            let fault = (self.incarnation, error.clone());
            let before = owned.agents.cell(self.agent).fault.replace(fault);
            Ok(Some((before, letter.map(|letter| letter.put(Err(error))))))
        });
    }

    /// Keeps JSON for the next start; false when this one no longer counts.
    pub(crate) fn keep(&self, state: &str) -> Result<bool> {
        let keep = AgentCommand::Keep {
            agent: self.agent,
            incarnation: self.incarnation,
            state,
        };
        match self.driver.command(Command::Agent(keep)) {
            Ok(reply) => Ok(reply != Reply::Late),
            Err(error) if matches!(error.code(), ErrorCode::AgentNotFound | ErrorCode::Disposed) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// What was kept last, as JSON.
    pub(crate) fn kept(&self) -> Option<String> {
        let read = self.driver.read(|owned| {
            let agent = owned.engine.kernel().agent(self.agent)?;
            agent.kept().map(str::to_owned)
        });
        read.ok().flatten()
    }

    /// Whether a message no longer counts.
    pub(crate) fn is_aborted(&self, message: Message) -> bool {
        self.desk.is_aborted(message)
    }

    /// Ready once a message no longer counts.
    pub(crate) fn aborted(&self, message: Message) -> impl Future<Output = ()> + use<> {
        self.desk.clone().aborted(message)
    }

    /// Does the work for a message; none when it no longer counted and went on for longer than the grace period.
    pub(crate) async fn attend<T>(&self, message: Message, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        let mut patience = None;
        poll_fn(|cx| {
            if let Poll::Ready(done) = work.as_mut().poll(cx) {
                return Poll::Ready(Some(done));
            }
            if !self.desk.is_aborted(message) {
                return Poll::Pending;
            }
            let driver = &self.driver;
            let patience = patience.get_or_insert_with(|| driver.runtime().sleep(driver.grace()));
            patience.as_mut().poll(cx).map(|()| None)
        })
        .await
    }
}

/// Does work of the agent's own; a panic is its failure.
pub(crate) async fn caught<T>(work: impl Future<Output = T>) -> Result<T, AgentError> {
    AssertUnwindSafe(work).catch_unwind().await.map_err(|panic| {
        let message = panic_message(&*panic).to_owned();
        AgentError::Panicked { message }
    })
}
