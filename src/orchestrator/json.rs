//! JSON at the edge: read once, checked, and put into the one form that the kernel keeps.

use serde_json::{Map, Number, Value};

use crate::kernel::limits::JSON_DEPTH;
use crate::kernel::{OrchestratorError, Result};

/// The canonical text of a JSON object: keys in order, no spaces, whole numbers without a fraction. Empty for `{}`.
///
/// # Errors
/// `LIMIT_EXCEEDED` when it is nested too deeply.
pub fn canonical(object: Map<String, Value>) -> Result<String> {
    if object.is_empty() {
        return Ok(String::new());
    }
    let mut value = Value::Object(object);
    tidy(&mut value, 1, whole)?;
    Ok(value.to_string())
}

/// Parses and canonicalises the text of a JSON object that JS wrote: its numbers are floats, however they look.
///
/// # Errors
/// `INVALID_ARGUMENT` when it is not a JSON object, `LIMIT_EXCEEDED` when it is nested too deeply.
pub fn canonical_text(what: &str, text: &str) -> Result<String> {
    if text.is_empty() {
        return Ok(String::new());
    }
    match serde_json::from_str(text) {
        Ok(mut value @ Value::Object(_)) => {
            tidy(&mut value, 1, |number| whole(&float(number)))?;
            Ok(if value.as_object().is_some_and(Map::is_empty) {
                String::new()
            } else {
                value.to_string()
            })
        }
        Ok(_) => Err(OrchestratorError::invalid(format!("{what} must be an object"))),
        Err(error) => Err(OrchestratorError::invalid(format!(
            "{what} is not JSON that can be kept: {error}"
        ))),
    }
}

/// The object that a canonical text stands for.
pub(crate) fn parse(text: &str) -> Map<String, Value> {
    if text.is_empty() {
        return Map::new();
    }
    // Only canonical texts come here, and those parse.
    serde_json::from_str(text).unwrap_or_default()
}

fn tidy(value: &mut Value, depth: usize, number: fn(&Number) -> Number) -> Result<()> {
    JSON_DEPTH.check(depth)?;
    match value {
        Value::Array(items) => items
            .iter_mut()
            .try_for_each(|item| tidy(item, depth + 1, number)),
        Value::Object(object) => {
            // Also when some other crate in the build makes serde_json keep the order of insertion.
            object.sort_keys();
            object
                .values_mut()
                .try_for_each(|item| tidy(item, depth + 1, number))
        }
        Value::Number(found) => {
            *found = number(found);
            Ok(())
        }
        _ => Ok(()),
    }
}

/// JS writes a float such as 1e16 without an exponent, as if it were an integer.
fn float(number: &Number) -> Number {
    let float = number.as_f64().and_then(Number::from_f64);
    float.unwrap_or_else(|| number.clone())
}

/// JS has one type of number: what it would write as `1` must not be `1.0` here.
fn whole(number: &Number) -> Number {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match number.as_f64() {
        // Below 2^53 the cast is exact.
        Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < EXACT => {
            (float as i64).into()
        }
        _ => number.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_text_for_one_value() {
        let text = |json: &str| canonical_text("it", json).unwrap_or_else(|error| error.code().to_string());
        let deep = format!("{}1{}", r#"{"a":"#.repeat(65), "}".repeat(65));
        let absurd = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        for (json, expected) in [
            (
                r#"{ "b": 1.0, "a": [ -0.5, 2e3 ], "__proto__": {} }"#,
                r#"{"__proto__":{},"a":[-0.5,2000],"b":1}"#,
            ),
            (r#"{"big":10000000000000000}"#, r#"{"big":1e+16}"#),
            (
                r#"{"exact":[3.762529541137347e-8,9007199254740991]}"#,
                r#"{"exact":[3.762529541137347e-8,9007199254740991]}"#,
            ),
            ("{}", ""),
            ("[]", "INVALID_ARGUMENT"),
            ("{", "INVALID_ARGUMENT"),
            (&deep, "LIMIT_EXCEEDED"),
            (&absurd, "INVALID_ARGUMENT"),
        ] {
            assert_eq!(text(json), expected);
        }
    }
}
