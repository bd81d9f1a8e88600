//! What a new task is called, and who is to do it.

use std::ops::Range;

use super::intent::{Intent, Using};
use super::passage::Passage;
use super::replies::one_line;
use super::rule::verbs_of;
use super::target::number_of;
use super::words::{Token, Words, first_chars};

/// The longest name that a task gets from a text, in characters.
pub(super) const TITLE: usize = 100;
/// A task is spoken of within so many words after "create", and its last article within so many.
const LONG_ORDER: usize = 6;
const ARTICLES: usize = 3;
/// A provider is named within so many words from the end.
const LONG_USING: usize = 8;

impl Passage<'_> {
    /// "Create a task", with no more than a word between; or, where the verb means nothing else, "create task".
    pub(super) fn new_task(&self, place: usize, after: usize) -> Option<Intent> {
        let end = self.sentence_end(after);
        let controls = verbs_of(self.table, &self.tokens[place..])
            .iter()
            .any(|(rule, _)| rule.controls());
        // Behind the article that came last.
        let mut open = (!controls).then_some(after);
        for at in after..end.min(after + LONG_ORDER) {
            let is_open = open.is_some_and(|open| at == open || (open > after && at == open + 1));
            if let Some(length) = self.table.task.begin(&self.tokens[at..end]).filter(|_| is_open)
                && (at > after || !self.is_number(at + length))
            {
                return Some(self.create(place, at + length));
            }
            if let Some(length) = self.table.indefinite.begin(&self.tokens[at..end])
                && at < after + ARTICLES
            {
                open = Some(at + length);
            }
        }
        None
    }

    /// "Start task 3" is about one that is there, and so is "launch task 3".
    fn is_number(&self, at: usize) -> bool {
        let token = self.tokens.get(at);
        token.is_some_and(|token| number_of(self.table, &token.word).is_some())
    }

    /// The task that the tokens from here on describe, ordered by the verb at `place`.
    fn create(&self, place: usize, from: usize) -> Intent {
        // As at the beginning of a text, a sign is a smile here.
        let is_smile = |token: &Token| token.is_sign(self.words.text);
        let smiles = self.tokens[from..].iter().take_while(|token| is_smile(token));
        let mut start = from + smiles.count();
        while let Some(length) = self.table.links.begin(&self.tokens[start..]) {
            start += length;
        }
        let line = self.line_from(start);
        let quoted = self
            .quoted
            .filter(|quoted| *quoted >= place)
            .and(self.words.quoted.as_deref());
        let using = self.using(from, line.end);
        let is_provider = |quoted: &&str| using.as_ref().is_some_and(|(provider, _)| provider == quoted);
        let named = quoted.filter(|quoted| !is_provider(quoted)).map(title);
        Self::order(line, using, |range| {
            let named = named.clone().filter(|named| !named.is_empty());
            named.unwrap_or_else(|| self.title(range))
        })
    }

    /// What is to be done is the name.
    pub(super) fn work(&self, place: usize, after: usize) -> Option<Intent> {
        if after >= self.tokens.len() {
            return None;
        }
        let line = self.line_from(place);
        let using = self.using(after, line.end);
        Some(Self::order(line, using, |range| self.title(range)))
    }

    /// A task that is named on a line, and perhaps who is to do it, from which word on.
    fn order(
        line: Range<usize>,
        using: Option<(String, usize)>,
        title: impl Fn(Range<usize>) -> String,
    ) -> Intent {
        let before = using.as_ref().map_or(line.end, |(_, at)| (*at).max(line.start));
        Intent::Create {
            title: title(line.start..before),
            using: using.map(|(provider, _)| Using {
                provider,
                title: title(line),
            }),
        }
    }

    /// The first line of the text as a name for a task, whatever it asks for.
    pub(super) fn whole_title(&self) -> String {
        let place = self.place();
        // Nothing but words that say nothing is still what was said.
        let place = if place < self.tokens.len() { place } else { 0 };
        self.title(self.line_from(place))
    }

    /// Who is to do it, if the last words say so, and where they begin.
    fn using(&self, from: usize, end: usize) -> Option<(String, usize)> {
        let last = self.tokens[..end].last()?;
        let earliest = from.max(end.saturating_sub(LONG_USING));
        (earliest..end).rev().find_map(|at| {
            let length = self.table.using.begin(&self.tokens[at..end])?;
            let first = self.tokens[..end].get(at + length)?;
            // A name of several words must be in quotes; those of the text are another's.
            let tail = Words::of(&self.words.text[first.raw.start..last.raw.end]);
            match &tail.tokens[..] {
                [only] => Some((tail.typed(only).to_owned(), at)),
                _ => None,
            }
        })
    }

    /// Some words as the name of a task.
    fn title(&self, range: Range<usize>) -> String {
        let tokens = &self.tokens[range];
        let text = match (tokens.first(), tokens.last()) {
            (Some(first), Some(last)) => title(&self.words.text[first.raw.start..last.raw.end]),
            _ => String::new(),
        };
        if text.is_empty() {
            return self.language.replies().untitled.clone();
        }
        text
    }
}

/// A text as the name of a task: on one line, not too long, and without what ends a sentence.
fn title(text: &str) -> String {
    // More than that is not shown, whatever it is.
    let text = one_line(first_chars(text, TITLE * 4));
    let text = text.trim_end_matches(['.', '!', '?', ';']);
    first_chars(text, TITLE).trim_end().to_owned()
}
