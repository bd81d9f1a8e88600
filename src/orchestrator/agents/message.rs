//! What agents are told, and what they answer.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageRole {
    /// Whoever uses the agent.
    User,
    /// The agent.
    Assistant,
    /// Who set the agent up.
    System,
    /// A tool that the agent called.
    Tool,
}

/// One message to an agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AgentMessage {
    /// Who speaks.
    pub role: MessageRole,
    /// What is said: a text, or anything else that JSON has.
    pub content: Value,
}

impl AgentMessage {
    /// A message.
    #[must_use]
    pub fn new(role: MessageRole, content: impl Into<Value>) -> Self {
        Self {
            role,
            content: content.into(),
        }
    }

    /// A text from whoever uses the agent.
    #[must_use]
    pub fn user(text: impl Into<String>) -> Self {
        Self::new(MessageRole::User, text.into())
    }

    /// What is said, if it is a text; else nothing.
    #[must_use]
    pub fn text(&self) -> &str {
        self.content.as_str().unwrap_or_default()
    }
}

/// Why an answer ends where it does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// All is said.
    #[default]
    Stop,
    /// The model may not say more.
    Length,
    /// The model calls a tool.
    ToolUse,
    /// It was called off. The agent has not answered.
    Aborted,
    /// The model failed. The agent has not answered.
    Error,
    /// The conversation goes to another agent.
    Transfer,
}

/// What an agent answers.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct AgentResult {
    /// The answer: a text, or anything else that JSON has.
    pub content: Value,
    /// Why it ends where it does. [`StopReason::Error`] and [`StopReason::Aborted`] are failures of the agent: whoever
    /// asked gets an [`AgentError`](super::AgentError), and a policy is asked what becomes of the agent.
    pub stop_reason: StopReason,
    /// What the model failed with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl AgentResult {
    /// An answer.
    #[must_use]
    pub fn new(content: impl Into<Value>) -> Self {
        Self {
            content: content.into(),
            stop_reason: StopReason::Stop,
            error: None,
        }
    }

    /// The answer, if it is a text; else nothing.
    #[must_use]
    pub fn text(&self) -> &str {
        self.content.as_str().unwrap_or_default()
    }
}

impl AgentResult {
    /// Whether a copy of it is made in no time.
    pub(super) fn is_short(&self) -> bool {
        const SHORT: usize = 1024;
        let content = match &self.content {
            Value::String(text) => text.len() <= SHORT,
            Value::Array(_) | Value::Object(_) => false,
            Value::Null | Value::Bool(_) | Value::Number(_) => true,
        };
        content && self.error.as_ref().is_none_or(|error| error.len() <= SHORT)
    }
}

impl Clone for AgentResult {
    fn clone(&self) -> Self {
        Self {
            content: self.content.clone(),
            stop_reason: self.stop_reason,
            error: self.error.clone(),
        }
    }

    /// Into the memory of the text that was there.
    fn clone_from(&mut self, other: &Self) {
        match (&mut self.content, &other.content) {
            (Value::String(text), Value::String(other)) => text.clone_from(other),
            (content, other) => content.clone_from(other),
        }
        self.stop_reason = other.stop_reason;
        self.error.clone_from(&other.error);
    }
}

impl From<Value> for AgentResult {
    fn from(content: Value) -> Self {
        Self::new(content)
    }
}

impl From<&str> for AgentResult {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for AgentResult {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}
