//! Words and phrases of a language, ready to be found in a text.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::Deserialize;

use super::words::fold;

/// Words and phrases, and what each of them stands for.
#[derive(Debug, Deserialize)]
#[serde(from = "BTreeMap<String, T>", bound(deserialize = "T: Deserialize<'de>"))]
pub(super) struct Terms<T> {
    /// By the first word: what follows it, the longest first.
    by_first: BTreeMap<String, Vec<(Vec<String>, T)>>,
    /// How many words the longest has.
    longest: usize,
}

impl<T> From<BTreeMap<String, T>> for Terms<T> {
    fn from(terms: BTreeMap<String, T>) -> Self {
        let mut by_first: BTreeMap<String, Vec<(Vec<String>, T)>> = BTreeMap::new();
        let mut longest = 0;
        for (phrase, value) in terms {
            let mut words = phrase.split_whitespace().map(fold);
            if let Some(first) = words.next() {
                let after: Vec<String> = words.collect();
                longest = longest.max(after.len() + 1);
                by_first.entry(first).or_default().push((after, value));
            }
        }
        for alike in by_first.values_mut() {
            alike.sort_by_key(|(after, _)| Reverse(after.len()));
        }
        Self { by_first, longest }
    }
}

impl<T> Terms<T> {
    /// What the longest phrase stands for that these words begin with, and how many words it has.
    pub(super) fn find<W: AsRef<str>>(&self, words: &[W]) -> Option<(&T, usize)> {
        let (first, after) = words.split_first()?;
        let alike = self.by_first.get(first.as_ref())?;
        let is_there = |rest: &[String]| {
            let mut pairs = rest.iter().zip(after);
            rest.len() <= after.len() && pairs.all(|(word, said)| word == said.as_ref())
        };
        let (rest, value) = alike.iter().find(|(rest, _)| is_there(rest))?;
        Some((value, rest.len() + 1))
    }

    /// What these words stand for, all of them together.
    pub(super) fn whole<W: AsRef<str>>(&self, words: &[W]) -> Option<&T> {
        let (value, length) = self.find(words)?;
        (length == words.len()).then_some(value)
    }
}

/// Words and phrases that are all alike.
#[derive(Debug, Deserialize)]
#[serde(from = "Vec<String>")]
pub(super) struct Phrases(Terms<()>);

impl From<Vec<String>> for Phrases {
    fn from(phrases: Vec<String>) -> Self {
        let terms: BTreeMap<String, ()> = phrases.into_iter().map(|phrase| (phrase, ())).collect();
        Self(terms.into())
    }
}

impl Phrases {
    /// How many words the longest phrase has that these words begin with.
    pub(super) fn begin<W: AsRef<str>>(&self, words: &[W]) -> Option<usize> {
        self.0.find(words).map(|(_, length)| length)
    }

    /// Whether these words begin with one of the phrases.
    pub(super) fn lead<W: AsRef<str>>(&self, words: &[W]) -> bool {
        self.begin(words).is_some()
    }

    /// How many words the longest phrase has that these words end with.
    pub(super) fn end<W: AsRef<str>>(&self, words: &[W]) -> Option<usize> {
        let most = self.0.longest.min(words.len());
        (1..=most)
            .rev()
            .find(|length| self.are(&words[words.len() - length..]))
    }

    /// Whether these words are one of the phrases, and nothing else.
    pub(super) fn are<W: AsRef<str>>(&self, words: &[W]) -> bool {
        self.0.whole(words).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_phrase_is_found_whatever_its_case_and_an_empty_one_never() {
        let phrases = Phrases::from(["Go", "go  ON", "on", "", "  "].map(str::to_owned).to_vec());
        assert_eq!(phrases.begin(&["go", "on", "on"]), Some(2));
        assert_eq!(phrases.begin(&["go", "off"]), Some(1));
        assert_eq!(
            (phrases.begin::<&str>(&[]), phrases.begin(&["off"])),
            (None, None)
        );
        assert_eq!(
            (phrases.end(&["off", "go", "on"]), phrases.end(&["go", "off"])),
            (Some(2), None)
        );
        assert!(phrases.are(&["go", "on"]) && !phrases.are(&["go", "on", "on"]));
    }
}
