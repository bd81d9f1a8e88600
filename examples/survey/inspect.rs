//! What a text holds: lines by kind, public items, headings, and what its authors left to do.

use super::findings::{Counts, Entry, What};
use super::languages::Language;
use super::text::{beginning, cut, is_space, printable};

const MAX_ENTRY_LENGTH: usize = 100;
/// Entries are looked for in this much of a line. Longer ones are made by machines.
const MAX_LINE_LENGTH: usize = 500;

/// Counts the lines of a text, and lists as many entries as there is room for.
pub(crate) fn inspect(text: &str, language: &Language, room: usize) -> (Counts, bool, Vec<Entry>) {
    let mut lines: Vec<&str> = text.split('\n').collect();
    let has_cr_lf = lines.len() > 1 && lines[0].ends_with('\r');
    // A final line end ends a line, it does not begin one.
    if lines.last() == Some(&"") {
        lines.pop();
    }

    let mut counts = Counts {
        lines: lines.len() as u64,
        ..Counts::default()
    };
    let mut entries = Vec::new();
    let mut kinds = LineKinds::new(language);
    let mut headings = MarkdownHeadings::default();
    for (index, line) in lines.iter().enumerate() {
        let kind = kinds.next(line);
        *match kind {
            Kind::Code => &mut counts.code,
            Kind::Comment => &mut counts.comment,
            Kind::Prose => &mut counts.prose,
            Kind::Blank => &mut counts.blank,
        } += 1;

        let head = beginning(line, MAX_LINE_LENGTH);
        let head = head.trim_end_matches(is_space);
        let heading = (language.name == "Markdown")
            .then(|| headings.next(head))
            .flatten();
        let item = match (kind, language.item) {
            (Kind::Code, Some(find)) => find(head, &lines, index),
            _ => None,
        };
        let heading = heading.filter(|_| kind == Kind::Prose);
        let todo = (kind != Kind::Blank)
            .then(|| todo_in(head, kind, language))
            .flatten();

        let mut add = |what, counter: &mut u64, text: &str| {
            *counter += 1;
            if entries.len() < room {
                let text = cut(&printable(&text.replace(is_space, " ")), MAX_ENTRY_LENGTH);
                let line = index + 1;
                entries.push(Entry { what, line, text });
            }
        };
        if let Some(item) = item {
            add(What::Item, &mut counts.item, &item);
        }
        if let Some((level, title)) = heading {
            add(What::Heading(level), &mut counts.heading, title);
        }
        if let Some(todo) = todo {
            add(What::Todo, &mut counts.todo, todo);
        }
    }
    (counts, has_cr_lf, entries)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Code,
    Comment,
    Prose,
    Blank,
}

/// Tells the kind of one line after the other. A comment counts when a line begins with it; that needs no knowledge of
/// each language's strings, and is right for nearly every line people write.
struct LineKinds<'l> {
    language: &'l Language,
    in_block: bool,
}

impl<'l> LineKinds<'l> {
    const fn new(language: &'l Language) -> Self {
        let in_block = false;
        Self { language, in_block }
    }

    fn next(&mut self, line: &str) -> Kind {
        let line = line.trim_matches(is_space);
        let words = if self.language.prose {
            Kind::Prose
        } else {
            Kind::Code
        };
        if line.is_empty() {
            return Kind::Blank;
        }
        if let Some((open, close)) = self.language.block {
            let opened = line.strip_prefix(open).filter(|_| !self.in_block);
            if self.in_block || opened.is_some() {
                let after = opened.unwrap_or(line).split_once(close).map(|(_, after)| after);
                self.in_block = after.is_none();
                return if after.is_none_or(str::is_empty) {
                    Kind::Comment
                } else {
                    words
                };
            }
        }
        let mut marks = self.language.line_comments.iter();
        if !self.language.prose && marks.any(|mark| line.starts_with(mark)) {
            return Kind::Comment;
        }
        words
    }
}

/// Finds `# headings`, but not in blocks of code.
#[derive(Default)]
struct MarkdownHeadings {
    fence: String,
}

impl MarkdownHeadings {
    fn next<'t>(&mut self, line: &'t str) -> Option<(usize, &'t str)> {
        let text = line.trim_start_matches(' ');
        if line.len() - text.len() > 3 {
            return None;
        }
        let run = |c| text.len() - text.trim_start_matches(c).len();
        let mark = &text[..run('`').max(run('~'))];
        if mark.len() >= 3 {
            if self.fence.is_empty() {
                mark.clone_into(&mut self.fence);
            } else if mark.starts_with(&self.fence) && line.trim_matches(is_space) == mark {
                self.fence.clear();
            }
            return None;
        }
        let level = run('#');
        let title = text[level..].strip_prefix([' ', '\t'])?;
        if !self.fence.is_empty()
            || !(1..=6).contains(&level)
            || title.contains(['\r', '\u{2028}', '\u{2029}'])
        {
            return None;
        }
        let title = title.trim_matches(is_space);
        let open = title.trim_end_matches('#');
        let closed = open.len() < title.len() && (open.is_empty() || open.ends_with([' ', '\t']));
        let title = if closed {
            open.trim_matches(is_space)
        } else {
            title
        };
        (!title.is_empty()).then_some((level, title))
    }
}

/// What is left to do, as far as the line says so in a comment, or in prose at its beginning.
fn todo_in<'t>(line: &'t str, kind: Kind, language: &Language) -> Option<&'t str> {
    const MARKS: [&str; 2] = ["TODO", "FIXME"];
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut text = line;
    if kind == Kind::Code {
        let block = language.block.map(|(open, _)| open);
        let marks = language.line_comments.iter().copied().chain(block);
        text = &line[marks.filter_map(|mark| line.find(mark)).min()?..];
    }
    let text = text.trim_start_matches(|c| is_space(c) || "/*#;<!>+-".contains(c));
    let mut rests = MARKS.iter().filter_map(|mark| text.strip_prefix(mark));
    if rests.any(|rest| !rest.starts_with(is_word)) {
        return Some(text);
    }
    if kind == Kind::Prose {
        return None;
    }
    let found = MARKS.iter().flat_map(|mark| text.match_indices(mark));
    let stands = |&(at, mark): &(usize, &str)| {
        !text[..at].ends_with(is_word) && text[at + mark.len()..].starts_with([':', '('])
    };
    let first = found.filter(stands).map(|(at, _)| at).min()?;
    Some(&text[first..])
}
