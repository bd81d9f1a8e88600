//! What a planner has put into an action's options. Foreign data: looked at once, and refused when it is of the wrong kind.

use serde_json::Value;

use crate::kernel::{OrchestratorError, Result};

/// The options of an action.
pub(super) struct Parameters<'o> {
    planned: Option<&'o Value>,
    options: &'o Value,
}

impl<'o> Parameters<'o> {
    /// Planners put their values into `parameters`; others call with the values themselves.
    pub(super) fn of(options: &'o Value) -> Result<Self> {
        let planned = options.get("parameters").filter(|planned| !planned.is_null());
        match planned {
            Some(planned) if !planned.is_object() => {
                Err(OrchestratorError::invalid("parameters must be an object"))
            }
            planned => Ok(Self { planned, options }),
        }
    }

    /// The first of these that is there, with the name that it has.
    fn get(&self, names: &[&'static str]) -> Option<(&'static str, &'o Value)> {
        let places = self.planned.into_iter().chain([self.options]);
        let mut found = places.flat_map(|place| {
            let named = names.iter().map(move |name| (*name, place.get(name)));
            named.filter_map(|(name, value)| Some((name, value?)))
        });
        found.find(|(_, value)| !value.is_null())
    }

    /// A text; none if it is blank.
    pub(super) fn text(&self, names: &[&'static str]) -> Result<Option<&'o str>> {
        match self.get(names) {
            None => Ok(None),
            Some((_, Value::String(text))) => Ok(Some(text.trim()).filter(|text| !text.is_empty())),
            Some((name, _)) => Err(wrong(name, "a string")),
        }
    }

    pub(super) fn flag(&self, name: &'static str) -> Result<Option<bool>> {
        match self.get(&[name]) {
            None => Ok(None),
            Some((_, Value::Bool(flag))) => Ok(Some(*flag)),
            Some((name, _)) => Err(wrong(name, "true or false")),
        }
    }

    /// A whole number from 1 to `max`.
    pub(super) fn count(&self, name: &'static str, max: usize) -> Result<Option<usize>> {
        let Some((name, value)) = self.get(&[name]) else {
            return Ok(None);
        };
        // 5.0 is a whole number, however it was written.
        let number = value.as_f64().filter(|number| number.fract() == 0.0);
        match number {
            // In range, so it fits.
            Some(number) if (1.0..=max as f64).contains(&number) => Ok(Some(number as usize)),
            _ => Err(wrong(name, &format!("a whole number from 1 to {max}"))),
        }
    }

    /// A list of texts, or one text with a line for each; without blank ones.
    pub(super) fn lines(&self, name: &'static str) -> Result<Vec<String>> {
        let lines: Vec<&str> = match self.get(&[name]) {
            None => Vec::new(),
            Some((_, Value::String(text))) => text.lines().collect(),
            Some((name, value)) => {
                let texts = value.as_array().map(|list| list.iter().map(Value::as_str));
                let texts = texts.and_then(|texts| texts.collect::<Option<Vec<_>>>());
                texts.ok_or_else(|| wrong(name, "a string or a list of strings"))?
            }
        };
        let lines = lines.into_iter().map(str::trim).filter(|line| !line.is_empty());
        Ok(lines.map(str::to_owned).collect())
    }
}

fn wrong(name: &str, due: &str) -> OrchestratorError {
    OrchestratorError::invalid(format!("{name} must be {due}"))
}
