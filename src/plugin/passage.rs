//! A text as the rules see it: what stands at a place, and where what belongs together ends.

use std::ops::Range;

use super::language::{Language, Table};
use super::rule::has_control;
use super::target::{number_of, ordinal_at, trim};
use super::words::{Token, Words, is_line_end};

/// What a verb is about has no more words than that, or it is about something else.
const LONG_REST: usize = 100;
/// So many small words may stand between one order and the next.
const LONG_JOIN: usize = 4;
/// A task is spoken of soon after a verb: so many words beside articles may stand between.
const NEAR: usize = 3;

pub(super) struct Passage<'w> {
    pub(super) language: &'w Language,
    pub(super) table: &'w Table,
    pub(super) words: &'w Words<'w>,
    pub(super) tokens: &'w [Token],
    /// For each token, the first one after its sentence.
    sentence: Vec<usize>,
    /// For each token, the next word for a task.
    pub(super) task: Vec<usize>,
    /// For each token, whether a task is spoken of: by a word for it, in quotes, or as "the second one".
    marked: Vec<bool>,
    /// For each token, whether it joins what stands before to another order.
    joins: Vec<bool>,
    pub(super) quoted: Option<usize>,
}

impl<'w> Passage<'w> {
    pub(super) fn new(language: &'w Language, words: &'w Words<'w>) -> Self {
        let (table, tokens) = (language.words(), words.tokens.as_slice());
        let count = tokens.len();
        let (mut sentence, mut task) = (vec![count; count + 1], vec![count; count + 1]);
        let (mut marked, mut joins) = (vec![false; count], vec![false; count]);
        for at in (0..count).rev() {
            let ends = tokens[at].ends && !is_numbering(table, &tokens[at..]);
            sentence[at] = if ends { at + 1 } else { sentence[at + 1] };
            task[at] = if table.task.lead(&tokens[at..]) {
                at
            } else {
                task[at + 1]
            };
            marked[at] = task[at] == at || is_mark(table, &tokens[at..]);
            joins[at] = is_join_to_order(table, &tokens[at..]);
        }
        Self {
            language,
            table,
            words,
            tokens,
            sentence,
            task,
            marked,
            joins,
            quoted: tokens.iter().position(|token| token.quoted),
        }
    }

    /// Where the order begins, after words that say nothing and the name of who is spoken to.
    pub(super) fn place(&self) -> usize {
        let mut at = 0;
        loop {
            match self.table.fillers.begin(&self.tokens[at..]) {
                Some(length) => at += length,
                None if self.tokens.get(at).is_some_and(|token| token.comma) => at += 1,
                None => return at,
            }
        }
    }

    /// Where the sentence of a verb ends. The verb stands right before this place.
    pub(super) fn sentence_end(&self, after: usize) -> usize {
        self.sentence[after - 1]
    }

    /// The tokens from here to the end of the line.
    pub(super) fn line_from(&self, from: usize) -> Range<usize> {
        let breaks =
            |pair: &&[Token]| self.words.text[pair[0].raw.end..pair[1].raw.start].contains(is_line_end);
        let pairs = self.tokens[from..].windows(2);
        let length = pairs.take_while(|pair| !breaks(pair)).count() + 1;
        from..self.tokens.len().min(from + length)
    }

    /// The words that a control verb is about, if they speak of a task: to the end of the sentence, or to where the next
    /// order begins.
    pub(super) fn rest(&self, after: usize, alone: bool) -> Option<Range<usize>> {
        let sentence = self.sentence_end(after);
        let mut marked = false;
        let mut end = after;
        while end < sentence {
            if end - after > LONG_REST {
                return None;
            }
            // "Build and run" may be a name; another order follows only what is one.
            if self.joins[end] && (marked || self.refers(after..end, false)) {
                break;
            }
            marked |= self.marked[end];
            end += 1;
        }
        (marked || self.refers(after..end, alone)).then_some(after..end)
    }

    /// Whether all that stands here is "it" or an id, or nothing where that is enough.
    fn refers(&self, range: Range<usize>, alone: bool) -> bool {
        let here = &self.tokens[trim(self.table, self.tokens, range)];
        if here.is_empty() {
            return alone;
        }
        self.table.pronouns.are(here) || is_id(here)
    }

    /// Whether a verb in the middle of a text is plainly about a task.
    pub(super) fn is_near(&self, after: usize, at_once: bool) -> bool {
        let here = &self.tokens[after..self.sentence_end(after)];
        if at_once && self.table.pronouns.lead(here) {
            return true;
        }
        let mut others = 0;
        for at in 0..here.len() {
            if self.table.task.lead(&here[at..]) || (at_once && others == 0 && here[at].quoted) {
                return true;
            }
            others += usize::from(!self.table.articles.lead(&here[at..]));
            if others > NEAR {
                break;
            }
        }
        false
    }
}

fn is_mark(table: &Table, tokens: &[Token]) -> bool {
    let one = || ordinal_at(table, tokens).is_some_and(|(_, length)| table.ones.lead(&tokens[length..]));
    tokens[0].quoted || one()
}

fn is_join_to_order(table: &Table, tokens: &[Token]) -> bool {
    let Some(mut at) = table.joins.begin(tokens) else {
        return false;
    };
    for _ in 0..LONG_JOIN {
        let here = &tokens[at..];
        if has_control(table, here) {
            return true;
        }
        match table.joins.begin(here).or_else(|| table.fillers.begin(here)) {
            Some(length) => at += length,
            None => return false,
        }
    }
    false
}

/// "No. 4" is no end of a sentence.
fn is_numbering(table: &Table, tokens: &[Token]) -> bool {
    match tokens {
        [link, number, ..] => table.links.are(&[link]) && number_of(table, &number.word).is_some(),
        _ => false,
    }
}

fn is_id(tokens: &[Token]) -> bool {
    match tokens {
        [only] => is_uuid(&only.word) || (only.hash && only.word.bytes().all(|byte| byte.is_ascii_digit())),
        _ => false,
    }
}

fn is_uuid(word: &str) -> bool {
    let mut groups = word.split('-').map(|group| {
        let is_hex = group.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hex.then_some(group.len())
    });
    [8, 4, 4, 4, 12]
        .iter()
        .all(|length| groups.next() == Some(Some(*length)))
        && groups.next().is_none()
}
