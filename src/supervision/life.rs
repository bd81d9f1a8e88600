//! The life of one start of an agent, from its factory to its end.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::agent::Agent;
use super::context::AgentContext;
use crate::kernel::Message;
use crate::orchestrator::{AgentError, AgentMessage, AgentResult, Letter, Order, StopReason, Work, caught};

/// After how many messages in a row others get their turn.
const TURN: u32 = 64;

/// An error, with what it says: asking it for that is foreign code.
struct Fault {
    error: AgentError,
    text: String,
}

impl From<AgentError> for Fault {
    fn from(error: AgentError) -> Self {
        let text = error.to_string();
        Self { error, text }
    }
}

/// Makes an agent, gives it its messages, and lets it go when it is told to.
pub(super) async fn live(mut ctx: AgentContext, factory: &(impl Fn() -> Box<dyn Agent> + ?Sized)) {
    let made = caught(async {
        let mut agent = factory();
        agent.started(&ctx).await.map_err(Fault::from)?;
        Ok::<_, Fault>(agent)
    });
    let mut agent = match made.await {
        Ok(Ok(agent)) => agent,
        Ok(Err(fault)) => return ctx.life().fail(None, None, fault.error, &fault.text),
        Err(panic) => {
            let text = panic.to_string();
            return ctx.life().fail(None, None, panic, &text);
        }
    };
    ctx.life().ready();
    let mut turn = 0;
    loop {
        match ctx.life().next().await {
            Order::Prompt(message, work) => {
                ctx.turn_to(Some(message));
                answer(&mut *agent, &ctx, message, &work).await;
                ctx.turn_to(None);
            }
            Order::Halt => break,
        }
        turn += 1;
        if turn % TURN == 0 {
            ctx.life().let_others().await;
        }
    }
    // Whatever it does, it is gone now. The panic hook tells of a panic.
    let _ = caught(agent.stopped(&ctx)).await;
    let _ = catch_unwind(AssertUnwindSafe(|| drop(agent)));
    ctx.life().halted();
}

async fn answer(agent: &mut dyn Agent, ctx: &AgentContext, message: Message, work: &Work) {
    let error = match work {
        Work::Letter(letter) => return prompt(agent, ctx, message, Some(letter), letter.messages()).await,
        Work::Text(text) => match serde_json::from_str::<Vec<AgentMessage>>(text) {
            Ok(messages) => return prompt(agent, ctx, message, None, &messages).await,
            Err(error) => AgentError::fatal(format!("the message in the journal cannot be read: {error}")),
        },
        Work::Gone => AgentError::Aborted,
    };
    let text = error.to_string();
    ctx.life().fail(Some(message), None, error, &text);
}

async fn prompt(
    agent: &mut dyn Agent,
    ctx: &AgentContext,
    message: Message,
    letter: Option<&Letter>,
    messages: &[AgentMessage],
) {
    let life = ctx.life();
    let work = async { agent.prompt(messages, ctx).await.map_err(Fault::from) };
    let fault: Fault = match life.attend(message, caught(work)).await {
        Some(Ok(Ok(result))) => match refused(&result) {
            None => match life.answer(message, letter, result) {
                Ok(()) => return,
                // What cannot be kept is no answer. Anything else is nobody's any more.
                Err(error) => AgentError::fatal(error.message()).into(),
            },
            Some(error) => error.into(),
        },
        Some(Ok(Err(fault))) => fault,
        Some(Err(panic)) => panic.into(),
        None => AgentError::Aborted.into(),
    };
    life.fail(Some(message), letter, fault.error, &fault.text);
}

/// The failure that an answer speaks of.
fn refused(result: &AgentResult) -> Option<AgentError> {
    match result.stop_reason {
        StopReason::Aborted => Some(AgentError::Aborted),
        StopReason::Error => {
            let said = result.error.clone().unwrap_or_else(|| result.text().to_owned());
            Some(AgentError::failed(if said.is_empty() {
                "the model failed and does not say why".to_owned()
            } else {
                said
            }))
        }
        _ => None,
    }
}
