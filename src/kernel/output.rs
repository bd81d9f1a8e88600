//! The last lines a task has said, and the rules for what counts as a line.

use std::borrow::Cow;
use std::collections::VecDeque;

use serde::Serialize;

/// Output kept of one task.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Output {
    lines: VecDeque<Box<str>>,
    bytes: usize,
    dropped: u64,
}

impl Output {
    pub(crate) fn lines(&self) -> impl DoubleEndedIterator<Item = &str> + ExactSizeIterator {
        self.lines.iter().map(|line| &**line)
    }

    pub(crate) const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// How many lines must go from the front so that these fit with what is here.
    pub(crate) fn overflow(&self, text: &str, max_lines: usize, max_bytes: usize) -> u32 {
        let coming = text.split('\n').count();
        let mut lines = self.lines.len() + coming;
        let mut bytes = self.bytes + text.len() + 1 - coming;
        let mut dropped = 0;
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
        for line in text.split('\n') {
            self.bytes += line.len();
            self.lines.push_back(line.into());
        }
        for _ in 0..dropped {
            let Some(line) = self.lines.pop_front() else { break };
            self.bytes -= line.len();
            self.dropped += 1;
        }
    }
}

/// The non-blank lines of a text, joined by line feeds; empty when there is none.
///
/// A line ends at a line feed, a carriage return, or both together.
pub(crate) fn normalise(text: &str) -> Cow<'_, str> {
    let clean = |text: &str| !text.contains(['\n', '\r']);
    if clean(text) {
        return if text.trim().is_empty() {
            "".into()
        } else {
            text.into()
        };
    }
    let mut out = String::with_capacity(text.len());
    for line in text.split(['\n', '\r']).filter(|line| !line.trim().is_empty()) {
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
