//! The commands about supervised agents, each a call, and the orders that come of them.

use wasm_bindgen::prelude::wasm_bindgen;

use super::core::{Core, Inner};
use super::input::{Fields, Strings};
use crate::kernel::{
    Agent, AgentCommand, AgentEffect, AgentKey, AgentSettings, Backoff, Command, Incarnation, Message,
    NewAgent, OrchestratorError, Overflow, Reply, RestartType, Result, StopMode, Strategy, SupervisorAction,
};
use crate::orchestrator::canonical_value_text;

/// Stands for the orchestrator's own policy.
const NOBODY: u32 = u32::MAX;

/// An order as its kind, which goes on from those of tasks, and three words.
pub(super) fn words(effect: AgentEffect) -> [u32; 4] {
    match effect {
        AgentEffect::Start { agent, incarnation } => [5, agent.get(), incarnation.get(), 0],
        AgentEffect::Prompt {
            agent,
            incarnation,
            message,
        } => [6, agent.get(), incarnation.get(), message.get()],
        AgentEffect::Settle {
            agent,
            message,
            dropped,
        } => [
            7,
            agent.get(),
            message.get(),
            dropped.map_or(0, |why| why as u32 + 1),
        ],
        AgentEffect::Abort {
            agent,
            incarnation,
            message,
        } => [8, agent.get(), incarnation.get(), message.get()],
        AgentEffect::Halt { agent, incarnation } => [9, agent.get(), incarnation.get(), 0],
        AgentEffect::Discard { agent, incarnation } => [10, agent.get(), incarnation.get(), 0],
        AgentEffect::Consult { by, about, origin } => {
            [11, by.map_or(NOBODY, AgentKey::get), about.get(), origin.get()]
        }
        AgentEffect::Room { agent } => [12, agent.get(), 0, 0],
        AgentEffect::Ended { agent } => [13, agent.get(), 0, 0],
    }
}

#[wasm_bindgen]
impl Core {
    /// Adds an agent with everything that [`new_agent`] reads; gives its key.
    #[wasm_bindgen(js_name = addAgent)]
    pub fn add_agent(&self, now: f64) -> i32 {
        self.about_agent(now, |input, run| run(AgentCommand::Add(new_agent(input)?)))
    }

    /// Forgets an agent and all below it.
    #[wasm_bindgen(js_name = removeAgent)]
    pub fn remove_agent(&self, now: f64, agent: u32) -> i32 {
        self.command(now, |()| {
            Command::Agent(AgentCommand::Remove(AgentKey::new(agent)))
        })
    }

    /// Starts an agent and all below it.
    #[wasm_bindgen(js_name = spawnAgent)]
    pub fn spawn_agent(&self, now: f64, agent: u32) -> i32 {
        self.command(now, |()| {
            Command::Agent(AgentCommand::Spawn(AgentKey::new(agent)))
        })
    }

    /// Sends a message, whose text may be left out unless [`Core::agent_keeps`] says otherwise; gives its number, or -3
    /// when there is no room for it yet.
    #[wasm_bindgen(js_name = sendMessage)]
    pub fn send_message(&self, now: f64, agent: u32, payload: u32) -> i32 {
        let agent = AgentKey::new(agent);
        self.about_agent(now, |input, run| {
            let payload = &json("a message", input, payload)?;
            run(AgentCommand::Send { agent, payload })
        })
    }

    /// Takes a message back.
    #[wasm_bindgen(js_name = withdrawMessage)]
    pub fn withdraw_message(&self, now: f64, agent: u32, message: u32) -> i32 {
        let (agent, message) = (AgentKey::new(agent), Message::new(message));
        self.command(now, |()| {
            Command::Agent(AgentCommand::Withdraw { agent, message })
        })
    }

    /// The factory has made the agent.
    #[wasm_bindgen(js_name = agentReady)]
    pub fn agent_ready(&self, now: f64, agent: u32, incarnation: u32) -> i32 {
        let (agent, incarnation) = (AgentKey::new(agent), Incarnation::new(incarnation));
        self.command(now, |()| {
            Command::Agent(AgentCommand::Ready { agent, incarnation })
        })
    }

    /// The agent has answered. The text may be left out as in [`Core::send_message`].
    #[wasm_bindgen(js_name = agentReplied)]
    pub fn agent_replied(&self, now: f64, agent: u32, incarnation: u32, message: u32, reply: u32) -> i32 {
        let (agent, incarnation, message) = (
            AgentKey::new(agent),
            Incarnation::new(incarnation),
            Message::new(message),
        );
        self.about_agent(now, |input, run| {
            run(AgentCommand::Answer {
                agent,
                incarnation,
                message,
                reply: &json("a reply", input, reply)?,
            })
        })
    }

    /// The agent has failed at a message, or its factory has for message 0.
    #[wasm_bindgen(js_name = agentFailed)]
    pub fn agent_failed(
        &self,
        now: f64,
        agent: u32,
        incarnation: u32,
        message: u32,
        error: u32,
        retryable: bool,
    ) -> i32 {
        let (agent, incarnation) = (AgentKey::new(agent), Incarnation::new(incarnation));
        self.with_strings(now, |strings| {
            Ok(Command::Agent(AgentCommand::Fail {
                agent,
                incarnation,
                message: (message > 0).then_some(Message::new(message)),
                error: strings.next(error)?,
                retryable,
            }))
        })
    }

    /// What a policy says of an agent whose failure, or that of one below it, it was asked about.
    #[wasm_bindgen(js_name = decideAgent)]
    pub fn decide_agent(&self, now: f64, origin: u32, about: u32, action: u32) -> i32 {
        let (origin, about) = (AgentKey::new(origin), AgentKey::new(about));
        // What a policy may not say is for the face to tell; it counts as if it did not know.
        let action = chosen(SupervisorAction::ALL, action).unwrap_or(SupervisorAction::Escalate);
        let incarnation = self.of_agent(origin.get(), Agent::incarnation);
        self.command(now, |()| {
            Command::Agent(AgentCommand::Decide {
                origin,
                incarnation: incarnation.unwrap_or_default(),
                about,
                action,
            })
        })
    }

    /// The agent is gone, as it was told.
    #[wasm_bindgen(js_name = agentHalted)]
    pub fn agent_halted(&self, now: f64, agent: u32, incarnation: u32) -> i32 {
        let (agent, incarnation) = (AgentKey::new(agent), Incarnation::new(incarnation));
        self.command(now, |()| {
            Command::Agent(AgentCommand::Halted { agent, incarnation })
        })
    }

    /// The agent wants to end after its message.
    #[wasm_bindgen(js_name = agentQuits)]
    pub fn agent_quits(&self, now: f64, agent: u32, incarnation: u32) -> i32 {
        let (agent, incarnation) = (AgentKey::new(agent), Incarnation::new(incarnation));
        self.command(now, |()| {
            Command::Agent(AgentCommand::Quit { agent, incarnation })
        })
    }

    /// Brings an agent and all below it to an end: 0 when it has answered all, 1 when it has answered its message, 2 at once.
    #[wasm_bindgen(js_name = stopAgent)]
    pub fn stop_agent(&self, now: f64, agent: u32, mode: u32, reason: u32) -> i32 {
        let agent = AgentKey::new(agent);
        let mode = match mode {
            0 => StopMode::Drain,
            1 => StopMode::Stop,
            _ => StopMode::Cancel,
        };
        self.with_strings(now, |strings| {
            Ok(Command::Agent(AgentCommand::Stop {
                agent,
                mode,
                reason: strings.next(reason)?,
            }))
        })
    }

    /// The agent wants this JSON back when it begins anew.
    #[wasm_bindgen(js_name = keepState)]
    pub fn keep_state(&self, now: f64, agent: u32, incarnation: u32, state: u32) -> i32 {
        let (agent, incarnation) = (AgentKey::new(agent), Incarnation::new(incarnation));
        self.about_agent(now, |input, run| {
            run(AgentCommand::Keep {
                agent,
                incarnation,
                state: &json("the state of an agent", input, state)?,
            })
        })
    }
}

impl Core {
    /// Carries out a command that is made of what stands in the input buffer.
    fn about_agent(
        &self,
        now: f64,
        command: impl FnOnce(&[u8], &mut dyn FnMut(AgentCommand<'_>) -> Result<Reply>) -> Result<Reply>,
    ) -> i32 {
        let inner = &mut *self.inner.borrow_mut();
        let Inner {
            engine,
            input,
            effects,
            error,
            ..
        } = inner;
        let reply = command(input, &mut |command| {
            engine.handle(now as u64, Command::Agent(command))
        });
        self.answer(reply, engine, effects, error)
    }

    pub(super) fn of_agent<T>(&self, agent: u32, read: impl FnOnce(&Agent) -> T) -> Option<T> {
        let inner = self.inner.borrow();
        inner.engine.kernel().agent(AgentKey::new(agent)).map(read)
    }
}

/// A JSON text in its canonical form; nothing at all, if it was left out.
fn json(what: &str, input: &[u8], length: u32) -> Result<String> {
    match length {
        0 => Ok(String::new()),
        _ => canonical_value_text(what, Strings::new(input).next(length)?),
    }
}

fn chosen<T: Copy>(all: &[T], number: u32) -> Option<T> {
    all.get(number as usize).copied()
}

/// Reads an agent: its name, the one above it, and its settings, of which those that are absent are the usual ones.
fn new_agent(input: &[u8]) -> Result<NewAgent<'_>> {
    let mut fields = Fields::new(input);
    let name = fields.text()?;
    let unknown = || OrchestratorError::invalid("there is no such choice");
    let mut number = || -> Result<Option<u64>> {
        match fields.number()? {
            0 => Ok(None),
            _ => fields.wide().map(Some),
        }
    };
    let parent = number()?.map(|parent| AgentKey::new(parent as u32));
    let usual = AgentSettings::default();
    let mut settings = usual;
    if let Some(strategy) = number()? {
        settings.strategy = chosen(Strategy::ALL, strategy as u32).ok_or_else(unknown)?;
    }
    if let Some(restart) = number()? {
        settings.restart = chosen(RestartType::ALL, restart as u32).ok_or_else(unknown)?;
    }
    if let Some(overflow) = number()? {
        settings.overflow = chosen(Overflow::ALL, overflow as u32).ok_or_else(unknown)?;
    }
    // They come in from 0 to 2^32 - 1, and the kernel knows their limits.
    let mut small = |usual: u32| number().map(|given| given.map_or(usual, |given| given as u32));
    settings.max_restarts = small(usual.max_restarts)?;
    settings.inbox = small(usual.inbox)?;
    settings.retry_message = small(usual.retry_message)?;
    settings.supervises = small(0)? > 0;
    settings.recorded = number()?.map(|recorded| recorded > 0);
    settings.window = number()?;
    settings.message_timeout = number()?;
    settings.grace = number()?.unwrap_or(usual.grace);
    let Backoff {
        delay,
        max_delay,
        factor,
        jitter,
    } = usual.backoff;
    settings.backoff = Backoff {
        delay: number()?.unwrap_or(delay),
        max_delay: number()?.unwrap_or(max_delay),
        factor: number()?.map_or(factor, |given| given as u32),
        jitter: number()?.map_or(jitter, |given| given as u32),
    };
    Ok(NewAgent {
        name,
        parent,
        settings,
    })
}

// The numbers that cross for these are their positions; a change of order would be silent otherwise.
const _: () = {
    use crate::kernel::{AgentStatus, DropReason};
    assert!(DropReason::Failed as u32 == 0 && DropReason::Poisoned as u32 == 7);
    assert!(AgentStatus::Registered as u32 == 0 && AgentStatus::Cancelled as u32 == 7);
};
