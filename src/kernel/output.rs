//! The last lines a task has said, and the rules for what counts as a line.

use std::borrow::Cow;
use std::str::Split;

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, SerializeStruct, Serializer};

/// Output kept of one task: one text, since most tasks say little and say it often.
#[derive(Clone, Debug, Default)]
pub(crate) struct Output {
    /// Lines joined by line feeds. What stands before `start` is dropped, and goes when it is most of all.
    text: String,
    start: usize,
    lines: usize,
    dropped: u64,
}

impl Output {
    pub(crate) fn text(&self) -> &str {
        self.text.get(self.start..).unwrap_or_default()
    }

    pub(crate) fn lines(&self) -> Lines<'_> {
        Lines {
            split: self.text().split('\n'),
            left: self.lines,
        }
    }

    pub(crate) const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Without the line feeds between lines.
    fn bytes(&self) -> usize {
        (self.text().len() + 1).saturating_sub(self.lines.max(1))
    }

    /// How many lines must go from the front so that these fit with what is here.
    pub(crate) fn overflow(&self, text: &str, max_lines: usize, max_bytes: usize) -> u32 {
        let coming = count_lines(text);
        let mut lines = self.lines + coming;
        let mut bytes = self.bytes() + text.len() + 1 - coming;
        let mut dropped = 0;
        if lines <= max_lines && bytes <= max_bytes {
            return dropped;
        }
        let mut front = self.lines().chain(text.split('\n'));
        while lines > max_lines || bytes > max_bytes {
            let Some(line) = front.next() else { break };
            lines -= 1;
            bytes -= line.len();
            dropped += 1;
        }
        dropped
    }

    pub(crate) fn push(&mut self, text: &str, dropped: u32) {
        if self.lines > 0 {
            self.text.push('\n');
        }
        self.text.push_str(text);
        self.lines += count_lines(text);
        for _ in 0..dropped {
            if self.lines == 0 {
                break;
            }
            // Past the last line there is no line feed.
            self.start += self.text().find('\n').map_or(self.text().len(), |end| end + 1);
            self.lines -= 1;
            self.dropped += 1;
        }
        if self.start > self.text.len() / 2 {
            self.text = self.text().to_owned();
            self.start = 0;
        }
    }
}

fn count_lines(text: &str) -> usize {
    1 + text.bytes().filter(|byte| *byte == b'\n').count()
}

/// The lines that are kept, oldest first.
#[derive(Debug)]
pub(crate) struct Lines<'a> {
    split: Split<'a, char>,
    /// A text of no lines has one piece, too.
    left: usize,
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        self.left = self.left.checked_sub(1)?;
        self.split.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl DoubleEndedIterator for Lines<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        self.split.next_back()
    }
}

impl ExactSizeIterator for Lines<'_> {}

/// What is dropped is no part of it, but its count is.
impl PartialEq for Output {
    fn eq(&self, other: &Self) -> bool {
        self.dropped == other.dropped && self.lines == other.lines && self.text() == other.text()
    }
}

impl Eq for Output {}

impl Serialize for Output {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut output = serializer.serialize_struct("Output", 2)?;
        output.serialize_field("text", self.text())?;
        output.serialize_field("dropped", &self.dropped)?;
        output.end()
    }
}

impl<'de> Deserialize<'de> for Output {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        struct Kept {
            text: String,
            dropped: u64,
        }
        let Kept { text, dropped } = Kept::deserialize(deserializer)?;
        // No line is blank, so no text is no line.
        let lines = if text.is_empty() { 0 } else { count_lines(&text) };
        Ok(Self {
            text,
            start: 0,
            lines,
            dropped,
        })
    }
}

/// The non-blank lines of a text, joined by line feeds; empty when there is none.
///
/// A line ends at a line feed, a carriage return, or both together.
pub(crate) fn normalise(text: &str) -> Cow<'_, str> {
    let blank = |text: &str| text.chars().all(char::is_whitespace);
    if !text.bytes().any(|byte| byte == b'\n' || byte == b'\r') {
        return if blank(text) { "".into() } else { text.into() };
    }
    let mut out = String::with_capacity(text.len());
    for line in text.split(['\n', '\r']).filter(|line| !blank(line)) {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(line);
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_at_any_line_end_and_blank_ones_are_dropped() {
        for (text, lines) in [
            ("one", "one"),
            ("one\ntwo", "one\ntwo"),
            ("one\r\ntwo\r\n", "one\ntwo"),
            ("10%\r20%\r", "10%\n20%"),
            (" \n\t\n  indented \n\n", "  indented "),
            ("", ""),
            (" \t ", ""),
            ("\u{a0}\n\u{2003}", ""),
        ] {
            assert_eq!(normalise(text), lines, "{text:?}");
        }
    }

    #[test]
    fn keeps_the_last_lines_and_counts_the_rest() {
        let mut output = Output::default();
        for n in 0..10 {
            let line = format!("line {n}");
            let dropped = output.overflow(&line, 4, 1000);
            output.push(&line, dropped);
        }
        assert_eq!(
            output.lines().collect::<Vec<_>>(),
            ["line 6", "line 7", "line 8", "line 9"]
        );
        assert_eq!(output.dropped(), 6);
        let dropped = output.overflow("a\nb\nc\nd\ne\nf", 4, 1000);
        output.push("a\nb\nc\nd\ne\nf", dropped);
        assert_eq!(output.lines().collect::<Vec<_>>(), ["c", "d", "e", "f"]);
        assert_eq!(output.dropped(), 12);
        let dropped = output.overflow("123456789", 4, 10);
        output.push("123456789", dropped);
        assert_eq!(output.lines().collect::<Vec<_>>(), ["f", "123456789"]);
    }
}
