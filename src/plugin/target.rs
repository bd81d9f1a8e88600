//! Which task is meant, as far as the words tell.

use std::ops::Range;

use super::language::{Language, Table};
use super::words::{Token, Words};
use crate::kernel::TaskStatus;

/// A place in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ordinal {
    /// The first is 1.
    Number(u32),
    /// The newest, or the bottom of the list.
    Last,
    /// Created last.
    Newest,
    /// Created first.
    Oldest,
}

/// Which task is meant, as far as the words tell. Empty for the one that is current.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// What stood in quotes.
    pub quoted: Option<String>,
    /// Whether it is the speaker's own.
    pub mine: bool,
    /// Whether all are meant.
    pub all: bool,
    /// A place in a list.
    pub ordinal: Option<Ordinal>,
    /// A status, if nothing else was said.
    pub status: Option<TaskStatus>,
    /// All that may be of a name, folded; the words for ordinals and statuses, too.
    pub words: Vec<String>,
    /// How many of the words, from which on, tell the ordinal.
    pub(super) ordinal_words: Range<usize>,
    /// What was said, without articles before it: it may be the whole name.
    pub(super) whole: String,
    /// The words, and those for all: "all hands" may be a name.
    pub(super) with_all: String,
    /// The words as they were typed.
    pub(super) typed: String,
}

impl Target {
    /// Reads a text that only says which task.
    pub(super) fn read(language: &Language, text: &str) -> Self {
        let words = Words::of(text);
        if words.tokens.is_empty() {
            // What has no words is a name all the same, and not the current task.
            return Self {
                quoted: Some(text.to_owned()),
                ..Self::default()
            };
        }
        Self::of(language, &words, 0..words.tokens.len())
    }

    /// Reads a part of a text.
    pub(super) fn of(language: &Language, words: &Words<'_>, range: Range<usize>) -> Self {
        let table = language.words();
        let tokens = &words.tokens[trim(table, &words.tokens, range)];
        let mut target = Self {
            quoted: words
                .quoted
                .clone()
                .filter(|_| tokens.iter().any(|token| token.quoted)),
            mine: (0..tokens.len()).any(|at| table.mine.lead(&tokens[at..])),
            ..Self::default()
        };
        if !table.pronouns.are(tokens) {
            target.read_words(table, words, tokens);
        }
        target
    }

    fn read_words(&mut self, table: &Table, words: &Words<'_>, tokens: &[Token]) {
        let mut skipped = 0;
        while let Some(length) = table.articles.begin(&tokens[skipped..]) {
            skipped += length;
        }
        self.whole = joined(tokens[skipped..].iter().map(|token| token.word.as_str()));
        let (mut typed, mut all) = (Vec::new(), Vec::new());
        // Whether a number here would be that of a task.
        let mut counts = false;
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            let here = &tokens[at..];
            let number = number_of(table, &token.word).filter(|_| counts || token.hash);
            let ordinal = number.map(|number| (Ordinal::Number(number), 1));
            let ordinal = ordinal.or_else(|| ordinal_at(table, here));
            let (task, links) = (table.task.begin(here), table.links.begin(here));
            let about = table.about.begin(here);
            if token.quoted {
                counts = false;
                at += 1;
            } else if let Some((ordinal, length)) = ordinal {
                if self.ordinal.is_none() {
                    self.ordinal = Some(ordinal);
                    self.ordinal_words = self.words.len()..self.words.len() + length;
                }
                self.keep(words, &here[..length], &mut typed);
                counts = false;
                at += length;
            } else if let Some(length) = task.or(about).or(links) {
                // What "about" tells is a name, and "3" in it no place in a list.
                counts = task.is_some() || (counts && about.is_none());
                at += length;
            } else if let Some(length) = table.all.begin(here).filter(|_| self.words.is_empty()) {
                self.all = true;
                all.extend(here[..length].iter().map(|token| token.word.as_str()));
                counts = false;
                at += length;
            } else if let Some(length) = dropped(table, here) {
                counts = false;
                at += length;
            } else {
                self.keep(words, &here[..1], &mut typed);
                counts = false;
                at += 1;
            }
        }
        if self.quoted.is_none() {
            self.status = table.statuses.whole(&self.words).copied();
            // "All 3 tasks" are three, and not the third.
            if let ([only], None, false) = (&self.words[..], self.ordinal, self.all)
                && let Some(number) = number_of(table, only)
            {
                self.ordinal = Some(Ordinal::Number(number));
                self.ordinal_words = 0..1;
            }
        }
        self.with_all = joined(all.into_iter().chain(self.words.iter().map(String::as_str)));
        self.typed = joined(typed.into_iter());
    }

    fn keep<'w>(&mut self, words: &'w Words<'_>, tokens: &[Token], typed: &mut Vec<&'w str>) {
        for token in tokens {
            self.words.push(token.word.clone());
            typed.push(words.typed(token));
        }
    }

    /// Whether nothing was said that tells one task from another.
    pub(super) fn is_open(&self) -> bool {
        self.quoted.is_none() && !self.all && self.words.is_empty()
    }

    /// The words that are no ordinal.
    pub(super) fn other_words(&self) -> Vec<String> {
        let (before, after) = (
            &self.words[..self.ordinal_words.start],
            &self.words[self.ordinal_words.end..],
        );
        [before, after].concat()
    }

    /// What it was called, for a reply.
    pub(super) fn said(&self) -> &str {
        self.quoted.as_deref().unwrap_or(&self.typed)
    }

    /// What may be an id or a whole name.
    pub(super) fn names(&self) -> Vec<String> {
        let mut names = match &self.quoted {
            Some(quoted) => vec![quoted.clone()],
            None => vec![self.words.join(" "), self.with_all.clone(), self.whole.clone()],
        };
        names.retain(|name| !name.is_empty());
        names
    }

    /// The words that a name must have.
    pub(super) fn name_words(&self) -> Vec<String> {
        match &self.quoted {
            Some(quoted) => parts(quoted),
            None => self.words.clone(),
        }
    }
}

fn joined<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// The words of a name, folded.
pub(super) fn parts(name: &str) -> Vec<String> {
    let words = Words::unquoted(name);
    words.tokens.into_iter().map(|token| token.word).collect()
}

/// What says nothing about which task it is.
fn dropped(table: &Table, tokens: &[Token]) -> Option<usize> {
    [&table.articles, &table.ones, &table.joins]
        .iter()
        .find_map(|phrases| phrases.begin(tokens))
}

/// An ordinal, wherever it stands, and of how many words.
pub(super) fn ordinal_at(table: &Table, tokens: &[Token]) -> Option<(Ordinal, usize)> {
    if let Some((number, length)) = table.ordinals.find(tokens) {
        return Some((Ordinal::Number(*number), length));
    }
    [
        (&table.last, Ordinal::Last),
        (&table.newest, Ordinal::Newest),
        (&table.oldest, Ordinal::Oldest),
    ]
    .into_iter()
    .find_map(|(phrases, ordinal)| Some((ordinal, phrases.begin(tokens)?)))
}

/// The number that a word is, in digits or not.
pub(super) fn number_of(table: &Table, word: &str) -> Option<u32> {
    let digits = word.len() <= 9 && !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    let written = digits.then(|| word.parse().ok()).flatten();
    written.or_else(|| table.numbers.whole(&[word]).copied())
}

/// Without fillers at both ends. In front they go only where no name can begin with them: before an article, "it", or a
/// quoted span.
pub(super) fn trim(table: &Table, tokens: &[Token], range: Range<usize>) -> Range<usize> {
    let (mut start, mut end) = (range.start, range.end);
    while let Some(length) = table.fillers.begin(&tokens[start..end]) {
        start += length;
    }
    let here = &tokens[start..end];
    let is_plain = here.first().is_none_or(|token| token.quoted)
        || table.articles.lead(here)
        || table.pronouns.lead(here);
    if !is_plain {
        start = range.start;
    }
    while let Some(length) = table.fillers.end(&tokens[start..end]) {
        end -= length;
    }
    start..end
}
