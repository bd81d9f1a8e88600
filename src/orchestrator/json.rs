//! JSON at the edge: read once, checked, and put into the one form that the kernel keeps.
//!
//! The form is that of JS's `JSON.stringify`, with the keys in order. So a text that comes from JS only has its keys
//! put in order, and nothing of it is turned into numbers and back; the package does without serde_json.

use std::fmt::Write;

use serde_json::{Map, Number, Value};

use crate::kernel::limits::JSON_DEPTH;
use crate::kernel::{OrchestratorError, Result};

/// The canonical text of a JSON object. Empty for `{}`.
///
/// # Errors
/// `LIMIT_EXCEEDED` when it is nested too deeply.
pub fn canonical(object: Map<String, Value>) -> Result<String> {
    let mut out = String::new();
    if !object.is_empty() {
        write_object(&object, 1, &mut out)?;
    }
    Ok(out)
}

/// The canonical text of any JSON.
pub(crate) fn canonical_value(value: &Value) -> Result<String> {
    let mut out = String::new();
    write_value(value, 1, &mut out)?;
    Ok(out)
}

/// How many bytes a JSON value has as a text, without the quotes of a string: no text is made of what is mostly one.
pub(crate) fn size_of(value: &Value) -> Result<usize> {
    match value {
        Value::String(text) => Ok(text.len()),
        Value::Array(_) | Value::Object(_) => canonical_value(value).map(|text| text.len()),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(0),
    }
}

/// The canonical text of a JSON object that `JSON.stringify` wrote.
///
/// # Errors
/// `INVALID_ARGUMENT` when it is not a JSON object, `LIMIT_EXCEEDED` when it is nested too deeply.
pub fn canonical_text(what: &str, text: &str) -> Result<String> {
    if text.is_empty() || text == "{}" {
        return Ok(String::new());
    }
    if !text.starts_with('{') {
        return Err(OrchestratorError::invalid(format!("{what} must be an object")));
    }
    canonical_value_text(what, text)
}

/// The canonical text of any JSON value that `JSON.stringify` wrote.
///
/// # Errors
/// As [`canonical_text`].
pub(crate) fn canonical_value_text(what: &str, text: &str) -> Result<String> {
    let mut reader = Reader { text, at: 0 };
    let mut out = String::with_capacity(text.len());
    match reader.value(1, &mut out) {
        Ok(()) if reader.at == text.len() => Ok(out),
        Err(Fault::Deep) => JSON_DEPTH.check(JSON_DEPTH.max + 1).map(|()| out),
        _ => {
            let at = reader.at;
            Err(OrchestratorError::invalid(format!(
                "{what} is not JSON that can be kept: see byte {at} of it"
            )))
        }
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

fn write_value(value: &Value, depth: usize, out: &mut String) -> Result<()> {
    JSON_DEPTH.check(depth)?;
    match value {
        Value::Object(object) => write_object(object, depth, out)?,
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_value(item, depth + 1, out)?;
            }
            out.push(']');
        }
        Value::Number(number) => write_number(number, out),
        Value::String(_) | Value::Bool(_) | Value::Null => out.push_str(&value.to_string()),
    }
    Ok(())
}

fn write_object(object: &Map<String, Value>, depth: usize, out: &mut String) -> Result<()> {
    // Also when some other crate in the build makes serde_json keep the order of insertion.
    let mut entries: Vec<_> = object.iter().collect();
    entries.sort_unstable_by_key(|(key, _)| *key);
    out.push('{');
    for (index, (key, value)) in entries.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        out.push_str(&Value::from(key.as_str()).to_string());
        out.push(':');
        write_value(value, depth + 1, out)?;
    }
    out.push('}');
    Ok(())
}

/// As JS writes it: the fewest digits that tell it from other floats, and an exponent only from 1e21 and below 1e-6.
fn write_number(number: &Number, out: &mut String) {
    let float = number.as_f64().filter(|_| number.is_f64());
    // Integers beyond what a float can hold are kept as they are. JSON knows no infinity.
    let Some(float) = float else {
        out.push_str(&number.to_string());
        return;
    };
    if float == 0.0 {
        out.push('0');
        return;
    }
    let text = format!("{:e}", float.abs());
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let digits = digits.replace('.', "");
    // The point stands after this many digits. An exponent of a float has at most three.
    let point = exponent.parse::<i32>().unwrap_or_default() + 1;
    let count = i32::try_from(digits.len()).unwrap_or_default();
    if float < 0.0 {
        out.push('-');
    }
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or_default());
    // Writing to a string cannot fail.
    let _ = match point {
        _ if count <= point && point <= 21 => write!(out, "{digits}{}", zeros(point - count)),
        1..=21 => {
            let (whole, rest) = digits.split_at(usize::try_from(point).unwrap_or_default());
            write!(out, "{whole}.{rest}")
        }
        -5..=0 => write!(out, "0.{}{digits}", zeros(-point)),
        _ => {
            let (first, rest) = digits.split_at(1);
            let dot = if rest.is_empty() { "" } else { "." };
            write!(out, "{first}{dot}{rest}e{:+}", point - 1)
        }
    };
}

/// Why a text is not taken.
enum Fault {
    Form,
    Deep,
}

/// Reads what `JSON.stringify` writes: no spaces, and every number and string in one form only.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> Result<(), Fault> {
        if self.peek() != Some(byte) {
            return Err(Fault::Form);
        }
        self.at += 1;
        Ok(())
    }

    fn value(&mut self, depth: usize, out: &mut String) -> Result<(), Fault> {
        if depth > JSON_DEPTH.max {
            return Err(Fault::Deep);
        }
        match self.peek() {
            Some(b'{') => self.object(depth, out),
            Some(b'[') => {
                self.at += 1;
                out.push('[');
                if self.peek() != Some(b']') {
                    loop {
                        self.value(depth + 1, out)?;
                        if self.peek() != Some(b',') {
                            break;
                        }
                        self.at += 1;
                        out.push(',');
                    }
                }
                out.push(']');
                self.take(b']')
            }
            Some(b'"') => {
                out.push_str(self.string()?);
                Ok(())
            }
            _ => {
                out.push_str(self.word()?);
                Ok(())
            }
        }
    }

    fn object(&mut self, depth: usize, out: &mut String) -> Result<(), Fault> {
        self.at += 1;
        let mut entries = Vec::new();
        if self.peek() != Some(b'}') {
            loop {
                let key = self.string()?;
                self.take(b':')?;
                let mut value = String::new();
                self.value(depth + 1, &mut value)?;
                entries.push((plain(key), key, value));
                if self.peek() != Some(b',') {
                    break;
                }
                self.at += 1;
            }
        }
        self.take(b'}')?;
        entries.sort_unstable();
        out.push('{');
        for (index, (_, key, value)) in entries.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            out.push_str(key);
            out.push(':');
            out.push_str(value);
        }
        out.push('}');
        Ok(())
    }

    /// A string with its quotes.
    fn string(&mut self) -> Result<&'a str, Fault> {
        let begin = self.at;
        self.take(b'"')?;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    let rest = &self.text.as_bytes()[self.at + 1..];
                    self.at += match rest {
                        [b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't', ..] => 2,
                        // Only control characters are written so, and halves of surrogate pairs, which are not text.
                        [b'u', b'0', b'0', b'0' | b'1', digit, ..] if digit.is_ascii_hexdigit() => 6,
                        _ => return Err(Fault::Form),
                    };
                }
                Some(0..0x20) | None => return Err(Fault::Form),
                Some(_) => self.at += 1,
            }
        }
        self.at += 1;
        self.text.get(begin..self.at).ok_or(Fault::Form)
    }

    /// A number, `true`, `false` or `null`.
    fn word(&mut self) -> Result<&'a str, Fault> {
        let begin = self.at;
        while let Some(b'a'..=b'z' | b'0'..=b'9' | b'-' | b'+' | b'.') = self.peek() {
            self.at += 1;
        }
        let word = self.text.get(begin..self.at).ok_or(Fault::Form)?;
        if matches!(word, "true" | "false" | "null") || is_number(word) {
            return Ok(word);
        }
        self.at = begin;
        Err(Fault::Form)
    }
}

/// Whether this is a number as JSON has it.
fn is_number(text: &str) -> bool {
    let (number, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let number = number.strip_prefix('-').unwrap_or(number);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits(whole) && (whole == "0" || !whole.starts_with('0')) && digits(fraction) && digits(exponent)
}

/// A key by what it says, for the order: what is escaped are characters that come before all others but two.
fn plain(key: &str) -> String {
    let mut out = String::with_capacity(key.len());
    let mut chars = key[1..key.len() - 1].chars();
    while let Some(c) = chars.next() {
        out.push(match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some('b') => '\u{8}',
                Some('f') => '\u{c}',
                Some('n') => '\n',
                Some('r') => '\r',
                Some('t') => '\t',
                Some('u') => {
                    let code = chars.by_ref().take(4).fold(0, |code, digit| {
                        code * 16 + digit.to_digit(16).unwrap_or_default()
                    });
                    char::from_u32(code).unwrap_or_default()
                }
                other => other.unwrap_or_default(),
            },
            (c, false) => c,
        });
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_text_for_one_value() {
        let text = |json: &str| canonical_text("it", json).unwrap_or_else(|error| error.code().to_string());
        let deep = format!("{}1{}", r#"{"a":"#.repeat(65), "}".repeat(65));
        let absurd = format!("{}{}", r#"{"a":"#, "[".repeat(100_000));
        for (json, expected) in [
            (
                r#"{"b":1,"a":[-0.5,2000,[],{},"x"],"__proto__":{}}"#,
                r#"{"__proto__":{},"a":[-0.5,2000,[],{},"x"],"b":1}"#,
            ),
            (
                r#"{"é":1,"z":2,"\n":3,"!":4,"\"":5,"\u001f":6}"#,
                r#"{"\n":3,"\u001f":6,"!":4,"\"":5,"z":2,"é":1}"#,
            ),
            (
                r#"{"big":[1e+21,5e-324,null,true]}"#,
                r#"{"big":[1e+21,5e-324,null,true]}"#,
            ),
            ("{}", ""),
            ("[]", "INVALID_ARGUMENT"),
            ("{", "INVALID_ARGUMENT"),
            ("{\"a\"}", "INVALID_ARGUMENT"),
            ("{\"a\":1}x", "INVALID_ARGUMENT"),
            ("{\"a\":1,}", "INVALID_ARGUMENT"),
            ("{\"a\":[1,]}", "INVALID_ARGUMENT"),
            ("{\"a\":01}", "INVALID_ARGUMENT"),
            ("{\"a\":nul}", "INVALID_ARGUMENT"),
            ("{\"a\":1.}", "INVALID_ARGUMENT"),
            ("{\"a\":\"\n\"}", "INVALID_ARGUMENT"),
            ("{\"a\":\"\\", "INVALID_ARGUMENT"),
            (r#"{"a":"\ud83d"}"#, "INVALID_ARGUMENT"),
            (&deep, "LIMIT_EXCEEDED"),
            (&absurd, "LIMIT_EXCEEDED"),
        ] {
            assert_eq!(text(json), expected, "{json:.100}");
        }
    }

    /// As Node prints them.
    #[test]
    fn numbers_are_written_as_js_writes_them() {
        for (number, due) in [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (-1.5, "-1.5"),
            (123.456, "123.456"),
            (1e16, "10000000000000000"),
            (123_456_789_012_345_680_000.0, "123456789012345680000"),
            (9_223_372_036_854_775_808.0, "9223372036854776000"),
            (1e21, "1e+21"),
            (-1.25e22, "-1.25e+22"),
            (0.1, "0.1"),
            (0.000_001_5, "0.0000015"),
            (0.000_001, "0.000001"),
            (0.000_000_1, "1e-7"),
            (3.762_529_541_137_347e-8, "3.762529541137347e-8"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
        ] {
            let mut out = String::new();
            write_number(&Number::from_f64(number).unwrap(), &mut out);
            assert_eq!(out, due);
        }
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
            "[\\x00-\\x30\"\\\\]{0,4}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 30, 6, |inner| {
            let keys = prop_oneof![".{0,4}", "[\\x00-\\x30\"\\\\]{0,3}"];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map(keys, inner, 0..5)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        /// What comes from JS and what comes from Rust has one form, which reads back as what it was.
        #[test]
        fn the_canonical_text_is_its_own_canonical_text(value in values()) {
            let object: Map<String, Value> = [("key".to_owned(), value)].into_iter().collect();
            let text = canonical(object.clone()).unwrap();
            prop_assert_eq!(&canonical_text("it", &text).unwrap(), &text);
            let read = parse(&text);
            prop_assert_eq!(canonical(read).unwrap(), text);
        }
    }
}
