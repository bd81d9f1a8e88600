//! A text as words: folded, without the punctuation around them, with the first quoted span set apart. One pass, linear
//! in the length of the text.

use std::ops::Range;

use super::replies::one_line;

/// A word as it is compared.
#[derive(Debug)]
pub(super) struct Token {
    /// Folded, and without punctuation at its ends. Empty for the quoted span, so that no word of a table is like it.
    pub(super) word: String,
    /// Where it stands in the text, between white space.
    pub(super) raw: Range<usize>,
    /// The same without punctuation at its ends.
    pub(super) core: Range<usize>,
    /// Whether a comma ends it.
    pub(super) comma: bool,
    /// Whether a sentence or a line ends here.
    pub(super) ends: bool,
    /// Whether it is written as a number of a list: `#3`.
    pub(super) hash: bool,
    pub(super) quoted: bool,
}

impl AsRef<str> for Token {
    fn as_ref(&self) -> &str {
        &self.word
    }
}

/// A text, taken apart once.
#[derive(Debug)]
pub(super) struct Words<'t> {
    pub(super) text: &'t str,
    pub(super) tokens: Vec<Token>,
    /// What the first quoted span holds, on one line.
    pub(super) quoted: Option<String>,
}

/// As search does. Upper case first: it makes one of letters that have several small forms. The apostrophe that
/// telephones type counts as the plain one, or "don’t" would not be heard.
pub(super) fn fold(text: &str) -> String {
    text.chars()
        .map(|c| if matches!(c, '’' | 'ʼ') { '\'' } else { c })
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .collect()
}

/// Folded, and with one space where there is white space.
pub(super) fn fold_name(text: &str) -> String {
    let words: Vec<String> = text.split_whitespace().map(fold).collect();
    words.join(" ")
}

impl<'t> Words<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        let span = first_quoted(text);
        let mut words = Self {
            text,
            tokens: Vec::new(),
            quoted: span.as_ref().map(|span| one_line(&text[span.inner.clone()])),
        };
        match span {
            None => words.read(0..text.len()),
            Some(Span { outer, .. }) => {
                words.read(0..outer.start);
                words.tokens.push(Token {
                    word: String::new(),
                    raw: outer.clone(),
                    core: outer.clone(),
                    comma: false,
                    ends: false,
                    hash: false,
                    quoted: true,
                });
                words.read(outer.end..text.len());
            }
        }
        words.finish()
    }

    /// All quotes are punctuation.
    pub(super) fn unquoted(text: &'t str) -> Self {
        let mut words = Self {
            text,
            tokens: Vec::new(),
            quoted: None,
        };
        words.read(0..text.len());
        words.finish()
    }

    fn finish(mut self) -> Self {
        self.end_sentence();
        let smiles = self.tokens.iter().take_while(|token| token.is_sign(self.text));
        let smiles = smiles.count();
        self.tokens.drain(..smiles);
        self
    }

    /// A word as it was typed; of the quoted span, what it holds.
    pub(super) fn typed(&self, token: &Token) -> &str {
        match &self.quoted {
            Some(quoted) if token.quoted => quoted,
            _ => &self.text[token.core.clone()],
        }
    }

    fn read(&mut self, range: Range<usize>) {
        let from = range.start;
        let part = &self.text[range];
        let mut begun: Option<usize> = None;
        for (at, c) in part.char_indices() {
            if !c.is_whitespace() {
                begun.get_or_insert(at);
                continue;
            }
            if let Some(start) = begun.take() {
                self.token(from + start..from + at);
            }
            if is_line_end(c) {
                self.end_sentence();
            }
        }
        if let Some(start) = begun {
            self.token(from + start..from + part.len());
        }
    }

    fn token(&mut self, raw: Range<usize>) {
        let text = &self.text[raw.clone()];
        let core = within(text, char::is_alphanumeric).or_else(|| within(text, is_sign));
        if let Some(core) = &core {
            self.tokens.push(Token {
                word: fold(&text[core.clone()]),
                core: raw.start + core.start..raw.start + core.end,
                raw: raw.clone(),
                comma: false,
                ends: false,
                hash: text[..core.start].ends_with('#'),
                quoted: false,
            });
        }
        // Punctuation by itself belongs to what stands before it.
        let tail = &text[core.map_or(0, |core| core.end)..];
        if let Some(last) = self.tokens.last_mut() {
            last.comma |= tail.ends_with(',');
        }
        if tail.contains(['.', '!', '?', ';']) {
            self.end_sentence();
        }
    }

    /// A sign in the middle of a sentence may be a name; at its end it is a smile.
    fn end_sentence(&mut self) {
        while self.tokens.pop_if(|last| last.is_sign(self.text)).is_some() {}
        if let Some(last) = self.tokens.last_mut() {
            last.ends = true;
        }
    }
}

impl Token {
    /// Whether it has no letters.
    pub(super) fn is_sign(&self, text: &str) -> bool {
        !self.quoted && !text[self.core.clone()].contains(char::is_alphanumeric)
    }
}

/// From the first character of a kind to the last.
fn within(text: &str, kind: impl Fn(char) -> bool) -> Option<Range<usize>> {
    let (last, c) = text.char_indices().rfind(|(_, c)| kind(*c))?;
    let first = text.find(kind)?;
    Some(first..last + c.len_utf8())
}

/// Arrows, mathematics, pictures: what may be a name where there are no letters.
const fn is_sign(c: char) -> bool {
    matches!(c, '$' | '+' | '<' | '=' | '>' | '^' | '|' | '~' | '\u{2190}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}')
}

pub(super) const fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// A quoted span, with its marks and without.
#[derive(Debug)]
struct Span {
    outer: Range<usize>,
    inner: Range<usize>,
}

/// Which marks go together. Whoever mixes them within a kind is understood, too.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Double,
    /// Apostrophes as well: one inside of a word opens and closes nothing.
    Single,
}

impl Mark {
    const fn of(c: char) -> Option<Self> {
        match c {
            '"' | '“' | '”' | '„' | '«' | '»' | '`' => Some(Self::Double),
            '\'' | '‘' | '’' => Some(Self::Single),
            _ => None,
        }
    }
}

/// No name is longer, and the bound keeps the time in proportion to the text.
const QUOTED: usize = 200;

fn first_quoted(text: &str) -> Option<Span> {
    let mut before: Option<char> = None;
    for (at, c) in text.char_indices() {
        // Not the inches of a screen, nor the apostrophe of "don't".
        let opens = before.is_none_or(|c| !c.is_alphanumeric());
        before = Some(c);
        let inside = at + c.len_utf8();
        let Some(mark) = Mark::of(c).filter(|_| opens) else {
            continue;
        };
        if let Some((length, close)) = closing(&text[inside..], mark) {
            let inner = inside..inside + length;
            let outer = at..inner.end + close.len_utf8();
            return Some(Span { outer, inner });
        }
    }
    None
}

/// Where a span ends that begins here, and with which mark. It is not blank.
fn closing(text: &str, mark: Mark) -> Option<(usize, char)> {
    let mut chars = text
        .char_indices()
        .skip_while(|(_, c)| c.is_whitespace())
        .peekable();
    chars.next().filter(|(_, c)| Mark::of(*c) != Some(mark))?;
    for _ in 0..=QUOTED {
        let (at, c) = chars.next()?;
        let mut inside_a_word = || chars.peek().is_some_and(|(_, c)| c.is_alphanumeric());
        if Mark::of(c) == Some(mark) && (mark == Mark::Double || !inside_a_word()) {
            return Some((at, c));
        }
    }
    None
}

/// The beginning of a text, cut between characters: not within what is shown as one, as far as that is cheap to tell.
pub(super) fn first_chars(text: &str, max: usize) -> &str {
    let Some((mut end, _)) = text.char_indices().nth(max) else {
        return text;
    };
    while let Some(last) = text[..end].chars().next_back() {
        let next = text[end..].chars().next();
        if last != JOINER && !next.is_some_and(continues) {
            break;
        }
        end -= last.len_utf8();
    }
    &text[..end]
}

const JOINER: char = '\u{200d}';

/// Accents, joiners, variants and tints: what has no place of its own.
const fn continues(c: char) -> bool {
    matches!(c, JOINER | '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_quoted_span_is_set_apart() {
        for (text, quoted) in [
            ("cancel the \"login\" task", Some("login")),
            ("cancel „Großes Haus“ now", Some("Großes Haus")),
            ("cancel “it’s here”", Some("it’s here")),
            ("cancel 'it's here', please", Some("it's here")),
            ("don't cancel what's theirs", None),
            ("cancel ‘one’ and ‘two’", Some("one")),
            ("cancel \"\" and more", None),
            ("cancel \" a  long\tname \"", Some("a long name")),
            ("a 5\" and a 6\" screen", None),
            ("«a` `b`", Some("a")),
            ("'", None),
        ] {
            assert_eq!(Words::of(text).quoted.as_deref(), quoted, "{text}");
        }
    }

    #[test]
    fn words_lose_their_punctuation_and_keep_what_is_inside() {
        let words = Words::of("Don’t (touch) auth/login.ts, #3 - ok?\nYes");
        let of = |token: &Token| token.word.clone();
        let all: Vec<String> = words.tokens.iter().map(of).collect();
        assert_eq!(all, ["don't", "touch", "auth/login.ts", "3", "ok", "yes"]);
        let ends: Vec<bool> = words.tokens.iter().map(|token| token.ends).collect();
        assert_eq!(ends, [false, false, false, false, true, true]);
        assert!(words.tokens[2].comma && words.tokens[3].hash && words.tokens[5].ends);
    }

    #[test]
    fn a_sign_is_a_word_but_where_it_is_a_smile() {
        for (text, due) in [
            ("🎉 cancel the 🎉 task 🙂! +++ 🎉", "cancel the 🎉 task"),
            ("🙂", ""),
            ("one 🙂\ntwo +++ three", "one two +++ three"),
            ("c++ (=>) 5€", "c => 5"),
            ("a — b", "a b"),
        ] {
            let words = Words::of(text);
            let typed: Vec<&str> = words.tokens.iter().map(|token| words.typed(token)).collect();
            assert_eq!(typed.join(" "), due, "{text}");
        }
    }

    #[test]
    fn a_cut_leaves_whole_characters() {
        assert_eq!(first_chars("abc", 3), "abc");
        assert_eq!(first_chars("abc", 2), "ab");
        assert_eq!(first_chars("xe\u{301}", 2), "x");
        assert_eq!(first_chars("x👩\u{200d}💻", 2), "x");
        assert_eq!(first_chars(&"\u{301}".repeat(9), 3), "");
    }
}
