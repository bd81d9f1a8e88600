//! Small helpers for text. Lengths and order are those of JavaScript, so that both surveys give the same bytes.

use std::cmp::Ordering;

/// Sorts by UTF-16 code units, as JavaScript compares texts.
pub(crate) fn by_text(a: &str, b: &str) -> Ordering {
    a.encode_utf16().cmp(b.encode_utf16())
}

/// `1,200`
pub(crate) fn shown(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 file`, `1,200 files`
pub(crate) fn count(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", shown(number))
}

/// At most `length` characters, and no half ones.
pub(crate) fn cut(text: &str, length: usize) -> String {
    if text.encode_utf16().count() <= length {
        return text.to_owned();
    }
    format!("{}…", beginning(text, length - 1))
}

/// The first `length` UTF-16 code units; half a character becomes the sign for what is no character.
pub(crate) fn beginning(text: &str, length: usize) -> String {
    let mut room = length;
    let mut out = String::new();
    for c in text.chars() {
        if c.len_utf16() > room {
            if room > 0 {
                out.push('\u{fffd}');
            }
            break;
        }
        room -= c.len_utf16();
        out.push(c);
    }
    out
}

/// Fit for a terminal: file names and sources may hold characters that would move the cursor or turn the text round.
pub(crate) fn printable(text: &str) -> String {
    let harmful = |c: char| c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.replace(harmful, "\u{fffd}")
}

/// White space as JavaScript sees it.
pub(crate) fn is_space(c: char) -> bool {
    c == '\u{feff}' || (c.is_whitespace() && c != '\u{85}')
}

/// What stands between white space.
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(is_space).filter(|word| !word.is_empty())
}
