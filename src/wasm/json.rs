//! JSON on its way to the face. The package does without serde_json, which would weigh more than all that is said here.

use std::fmt::Write;

/// A JSON object in the making. Names are written as they are.
#[derive(Debug)]
pub(super) struct Object(String);

impl Object {
    pub(super) fn new() -> Self {
        Self(String::from("{"))
    }

    fn name(&mut self, name: &str) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        self.0.push('"');
        self.0.push_str(name);
        self.0.push_str("\":");
    }

    pub(super) fn text(mut self, name: &str, text: &str) -> Self {
        self.name(name);
        string(text, &mut self.0);
        self
    }

    pub(super) fn number(mut self, name: &str, number: impl Into<u64>) -> Self {
        self.name(name);
        // Writing to a string never fails.
        let _ = write!(self.0, "{}", number.into());
        self
    }

    pub(super) fn flag(mut self, name: &str, flag: bool) -> Self {
        self.name(name);
        self.0.push_str(if flag { "true" } else { "false" });
        self
    }

    /// What is JSON already; empty stands for `null`.
    pub(super) fn json(mut self, name: &str, json: &str) -> Self {
        self.name(name);
        self.0.push_str(if json.is_empty() { "null" } else { json });
        self
    }

    /// Adds something only if it is there.
    pub(super) fn with<T>(self, value: Option<T>, add: impl FnOnce(Self, T) -> Self) -> Self {
        match value {
            Some(value) => add(self, value),
            None => self,
        }
    }

    pub(super) fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

/// An array of what is JSON already.
pub(super) fn array(items: impl Iterator<Item = String>) -> String {
    let mut out = String::from("[");
    for item in items {
        if out.len() > 1 {
            out.push(',');
        }
        out.push_str(&item);
    }
    out.push(']');
    out
}

fn string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            ..' ' => {
                // Writing to a string never fails.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            _ => out.push(c),
        }
    }
    out.push('"');
}
