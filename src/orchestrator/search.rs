//! Finding tasks by text: an id or the beginning of one, else words.
//!
//! Every word of the search must begin a word of the task's name, tags or description, whatever the case. A word in a
//! script that is written without spaces may stand anywhere. Whole words count more than beginnings, the name more
//! than tags, tags more than the description.

use crate::kernel::{Kernel, OrchestratorError, Result, TaskKey, limits};

/// A search text, taken apart once.
#[derive(Debug)]
pub(crate) struct Search {
    text: String,
    words: Vec<String>,
}

impl Search {
    /// Reads a search text.
    pub(crate) fn new(text: &str) -> Result<Self> {
        limits::QUERY.check(text.len())?;
        let text = text.trim();
        if text.is_empty() {
            return Err(OrchestratorError::invalid("a search text must not be blank"));
        }
        let words = words(text).map(|word| folded(word).collect()).collect();
        Ok(Self {
            text: text.to_owned(),
            words,
        })
    }

    /// How well a task matches; 0 when it does not.
    pub(crate) fn score(&self, kernel: &Kernel, key: TaskKey) -> u32 {
        let Some(task) = kernel.task(key) else { return 0 };
        // A shorter beginning says little: every id made here begins with the same letters.
        if self.text.len() >= 4 && !self.text.contains(char::is_whitespace) {
            let id = kernel.task_id(key);
            if id == self.text {
                return 1_000_000;
            }
            if id.starts_with(&self.text) {
                return 100_000;
            }
        }
        if self.words.is_empty() {
            return 0;
        }
        let mut score = 0;
        for word in &self.words {
            let name = best(word, task.name()) * 4;
            let tags = task.tags().map(|tag| best(word, tag)).max().unwrap_or(0) * 3;
            let best = name.max(tags).max(best(word, task.description()));
            if best == 0 {
                return 0;
            }
            score += best;
        }
        score
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
}

/// Upper case first: it makes one of letters that have several small forms, such as the two sigmas or ß and ss.
fn folded(text: &str) -> impl Iterator<Item = char> {
    text.chars()
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
}

/// 3 for a whole word, 2 for the beginning of one, 1 for a part where words are not spaced, 0 for nothing.
fn best(wanted: &str, text: &str) -> u32 {
    let mut best = 0;
    for word in words(text) {
        let mut rest = folded(word);
        if wanted.chars().all(|c| rest.next() == Some(c)) {
            if rest.next().is_none() {
                return 3;
            }
            best = 2;
        } else if best == 0
            && wanted.chars().any(unspaced)
            && folded(word).collect::<String>().contains(wanted)
        {
            best = 1;
        }
    }
    best
}

/// Thai to Burmese, Khmer, Kana, Han: written without spaces between words.
const fn unspaced(c: char) -> bool {
    matches!(c, '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_match_whole_or_at_their_beginning_in_any_case() {
        for (wanted, text, score) in [
            ("auth", "Authentication", 2),
            ("auth", "auth", 3),
            ("auth", "OAuth", 0),
            ("straße", "In der STRASSE", 3),
            ("strasse", "In der Straße", 3),
            ("école", "L'École", 3),
            ("ίσως", "ΊΣΩΣ", 3),
            ("任务", "测试任务", 1),
            ("测试", "测试任务", 2),
            ("add", "address", 2),
            ("dress", "address", 0),
        ] {
            let wanted: String = folded(wanted).collect();
            assert_eq!(best(&wanted, text), score, "{wanted} in {text}");
        }
    }
}
