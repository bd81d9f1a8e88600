//! What a text asks for: whole words in order, never a part of one.

use std::ops::Range;

use super::actions::ActionName;
use super::language::{Language, Phrases, Table};
use super::target::{Target, ordinal_at, trim};
use super::words::{Token, Words, first_chars};
use crate::kernel::TaskStatus;

/// The longest name that a task gets from a text, in characters.
pub(super) const TITLE: usize = 100;

/// What a text asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intent {
    /// A new task.
    Create {
        /// Its name.
        title: String,
        /// Who is to do it, as it was said at the end, if there is such a provider.
        using: Option<Using>,
    },
    /// The tasks, all or with a status.
    List {
        /// The status.
        status: Option<TaskStatus>,
    },
    /// The tasks that a text means.
    Search {
        /// The text; empty when none was given.
        query: String,
    },
    /// Another current task.
    Switch(Target),
    /// Hold.
    Pause(Target),
    /// Go on, or begin.
    Resume {
        /// Which task.
        target: Target,
        /// Whether it is to begin again after it has ended.
        again: bool,
    },
    /// Call off.
    Cancel(Target),
}

/// Who is to do a new task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Using {
    /// The id or the label of a provider, if it is one.
    pub provider: String,
    /// The name of the task if it is none: the words belong to it then.
    pub title: String,
}

impl Intent {
    /// The action that does it.
    #[must_use]
    pub const fn action(&self) -> ActionName {
        match self {
            Self::Create { .. } => ActionName::CreateTask,
            Self::List { .. } => ActionName::ListTasks,
            Self::Search { .. } => ActionName::SearchTasks,
            Self::Switch(_) => ActionName::SwitchTask,
            Self::Pause(_) => ActionName::PauseTask,
            Self::Resume { .. } => ActionName::ResumeTask,
            Self::Cancel(_) => ActionName::CancelTask,
        }
    }

    /// The task that is meant, if the action needs one.
    pub(super) const fn target(&self) -> Option<&Target> {
        match self {
            Self::Switch(target)
            | Self::Pause(target)
            | Self::Resume { target, .. }
            | Self::Cancel(target) => Some(target),
            _ => None,
        }
    }
}

/// What a text asks for, or nothing. Takes time in proportion to the length of the text, whatever it says.
#[must_use]
pub fn read_intent(language: &Language, text: &str) -> Option<Intent> {
    let words = Words::of(text);
    Reader::new(language, &words).read()
}

/// What a text says about an action that was chosen by somebody else.
pub(super) fn read_as(language: &Language, text: &str, action: ActionName) -> Intent {
    let words = Words::of(text);
    let reader = Reader::new(language, &words);
    match reader.read() {
        Some(intent) if intent.action() == action => intent,
        other => reader.read_as(action, other),
    }
}

/// Which rule a verb belongs to. In the order in which they are tried.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rule {
    New,
    Search,
    List,
    Switch,
    Pause,
    Resume,
    Again,
    Cancel,
    Work,
}

impl Rule {
    const ALL: [Self; 9] = [
        Self::New,
        Self::Search,
        Self::List,
        Self::Switch,
        Self::Pause,
        Self::Resume,
        Self::Again,
        Self::Cancel,
        Self::Work,
    ];

    fn verbs(self, table: &Table) -> &Phrases {
        let verbs = &table.verbs;
        match self {
            Self::New => &verbs.new,
            Self::Search => &verbs.search,
            Self::List => &verbs.list,
            Self::Switch => &verbs.switch,
            Self::Pause => &verbs.pause,
            Self::Resume => &verbs.resume,
            Self::Again => &verbs.again,
            Self::Cancel => &verbs.cancel,
            Self::Work => &verbs.work,
        }
    }

    const fn controls(self) -> bool {
        matches!(
            self,
            Self::Switch | Self::Pause | Self::Resume | Self::Again | Self::Cancel
        )
    }

    const fn is_of(self, action: ActionName) -> bool {
        match action {
            ActionName::CreateTask => matches!(self, Self::New | Self::Work),
            ActionName::ListTasks => matches!(self, Self::List),
            ActionName::SwitchTask => matches!(self, Self::Switch),
            ActionName::SearchTasks => matches!(self, Self::Search),
            ActionName::PauseTask => matches!(self, Self::Pause),
            ActionName::ResumeTask => matches!(self, Self::Resume | Self::Again),
            ActionName::CancelTask => matches!(self, Self::Cancel),
        }
    }

    const fn only_looks(self) -> bool {
        matches!(self, Self::Search | Self::List)
    }
}

struct Reader<'w> {
    language: &'w Language,
    table: &'w Table,
    words: &'w Words<'w>,
    tokens: &'w [Token],
    /// For each token, the first one after its sentence.
    sentence: Vec<usize>,
    /// For each token, where what a verb is about ends if the verb is before it: with the sentence, or before another verb.
    clause: Vec<usize>,
    /// For each token, the next word for a task.
    task: Vec<usize>,
    /// For each token, the next "one" after an ordinal that is not before the token.
    ordinal_one: Vec<usize>,
    quoted: Option<usize>,
    /// For each end, the same without the fillers before it.
    trimmed: Vec<usize>,
}

impl<'w> Reader<'w> {
    fn new(language: &'w Language, words: &'w Words<'w>) -> Self {
        let (table, tokens) = (language.words(), words.tokens.as_slice());
        let count = tokens.len();
        let none = vec![count; count + 1];
        let (mut sentence, mut clause, mut task, mut ordinal_one) =
            (none.clone(), none.clone(), none.clone(), none);
        for at in (0..count).rev() {
            sentence[at] = if tokens[at].ends { at + 1 } else { sentence[at + 1] };
            let joins = table
                .joins
                .begin(&tokens[at..])
                .is_some_and(|length| has_control(table, &tokens[at + length..]));
            clause[at] = match (joins, tokens[at].ends) {
                (true, _) => at,
                (false, true) => at + 1,
                (false, false) => clause[at + 1],
            };
            task[at] = if table.task.have(&tokens[at]) {
                at
            } else {
                task[at + 1]
            };
            let one = ordinal_at(table, &tokens[at..]).map(|(_, length)| at + length);
            let one = one.filter(|one| tokens.get(*one).is_some_and(|token| table.ones.have(token)));
            ordinal_one[at] = one.unwrap_or(ordinal_one[at + 1]);
        }
        let mut trimmed: Vec<usize> = Vec::with_capacity(count + 1);
        for end in 0..=count {
            let filler = table.fillers.end(&tokens[..end]);
            trimmed.push(filler.map_or(end, |length| trimmed[end - length]));
        }
        Self {
            language,
            table,
            words,
            tokens,
            sentence,
            clause,
            task,
            ordinal_one,
            quoted: tokens.iter().position(|token| token.quoted),
            trimmed,
        }
    }

    fn read(&self) -> Option<Intent> {
        let place = self.place();
        let here = self.tokens.get(place)?;
        if self.table.negations.have(here) {
            return None;
        }
        let asks = self.table.questions.have(here);
        let allowed = |rule: Rule| !asks || rule.only_looks();
        self.rule_at(place, &allowed)
            .or_else(|| self.later_rule(place, &allowed))
    }

    /// The text need not ask for the action: what is about it is what follows its verb, or all.
    fn read_as(&self, action: ActionName, other: Option<Intent>) -> Intent {
        let place = self.place();
        let verb = self
            .verbs_at(place, &|rule| rule.is_of(action))
            .into_iter()
            .next();
        let after = verb.map_or(place, |(_, after)| after);
        let target = || {
            let said = other.as_ref().and_then(Intent::target).cloned();
            said.unwrap_or_else(|| Target::of(self.language, self.words, self.rest(after)))
        };
        match action {
            ActionName::CreateTask => Intent::Create {
                title: self.whole_title(),
                using: None,
            },
            ActionName::ListTasks => Intent::List { status: None },
            ActionName::SearchTasks => Intent::Search {
                query: self.query(after..self.sentence_end(after)),
            },
            ActionName::SwitchTask => Intent::Switch(target()),
            ActionName::PauseTask => Intent::Pause(target()),
            ActionName::ResumeTask => Intent::Resume {
                target: target(),
                again: verb.is_some_and(|(rule, _)| rule == Rule::Again),
            },
            ActionName::CancelTask => Intent::Cancel(target()),
        }
    }

    /// Where the order begins, after words that say nothing and the name of who is spoken to.
    fn place(&self) -> usize {
        let mut at = 0;
        loop {
            match self.table.fillers.begin(&self.tokens[at..]) {
                Some(length) => at += length,
                None if self.tokens.get(at).is_some_and(|token| token.comma) => at += 1,
                None => return at,
            }
        }
    }

    /// The rules whose verb stands here, each with the place after it. Of verbs that begin alike the longest counts.
    fn verbs_at(&self, place: usize, wanted: &dyn Fn(Rule) -> bool) -> Vec<(Rule, usize)> {
        let here = &self.tokens[place..];
        let found = Rule::ALL
            .into_iter()
            .filter_map(|rule| Some((rule, rule.verbs(self.table).begin(here)?)));
        let found: Vec<_> = found.collect();
        let longest = found.iter().map(|(_, length)| *length).max();
        found
            .into_iter()
            .filter(|(rule, length)| Some(*length) == longest && wanted(*rule))
            .map(|(rule, length)| (rule, place + length))
            .collect()
    }

    fn rule_at(&self, place: usize, allowed: &dyn Fn(Rule) -> bool) -> Option<Intent> {
        let by_verb = self
            .verbs_at(place, allowed)
            .into_iter()
            .find_map(|(rule, after)| self.rule(rule, place, after));
        by_verb.or_else(|| self.alone(place))
    }

    fn later_rule(&self, place: usize, allowed: &dyn Fn(Rule) -> bool) -> Option<Intent> {
        let wanted = |rule: Rule| (rule.only_looks() || rule.controls()) && allowed(rule);
        // Whether something was denied in the sentence so far.
        let mut denied = false;
        for at in place..self.tokens.len() {
            if at > place && !denied {
                for (rule, after) in self.verbs_at(at, &wanted) {
                    let near = self.is_near(rule, after);
                    if let Some(intent) = near.then(|| self.rule(rule, at, after)).flatten() {
                        return Some(self.with_words_before(intent, place..at));
                    }
                }
            }
            denied |= self.table.negations.have(&self.tokens[at]);
            denied &= !self.tokens[at].ends;
        }
        None
    }

    fn rule(&self, rule: Rule, place: usize, after: usize) -> Option<Intent> {
        match rule {
            Rule::New => self.new_task(place, after),
            Rule::Work => self.work(after),
            Rule::Search => (self.task[after] < self.sentence_end(after)).then(|| Intent::Search {
                query: self.query(after..self.sentence_end(after)),
            }),
            Rule::List => self.list(after),
            Rule::Switch => self.target(place, after).map(Intent::Switch),
            Rule::Pause => self.target(place, after).map(Intent::Pause),
            Rule::Cancel => self.target(place, after).map(Intent::Cancel),
            Rule::Resume | Rule::Again => self.target(place, after).map(|target| Intent::Resume {
                target,
                again: rule == Rule::Again,
            }),
        }
    }

    fn sentence_end(&self, after: usize) -> usize {
        self.end_of(&self.sentence, after)
    }

    /// Where the words after a verb end; nowhere if the verb itself ended the sentence.
    fn end_of(&self, ends: &[usize], after: usize) -> usize {
        let over = after.checked_sub(1).is_some_and(|verb| self.tokens[verb].ends);
        if over { after } else { ends[after] }
    }

    // ----- a new task -----

    fn new_task(&self, place: usize, after: usize) -> Option<Intent> {
        let end = self.sentence_end(after);
        let indefinite = (after..end.min(after + 3)).find_map(|at| {
            let length = self.table.indefinite.begin(&self.tokens[at..end])?;
            let task = at + length;
            (task < end && self.task[task] == task).then_some(task)
        });
        // "start task 3" is no new one, "create task" and "new task" are.
        let direct = || {
            let begins = after < end && self.task[after] == after;
            (begins && !has_control(self.table, &self.tokens[place..])).then_some(after)
        };
        indefinite.or_else(direct).map(|task| self.create(task + 1))
    }

    /// The task that the tokens from here on describe.
    fn create(&self, from: usize) -> Intent {
        let lines = self.line_from(from);
        let Some((provider, before)) = self.using(lines.clone()) else {
            let title = self.title(lines);
            return Intent::Create { title, using: None };
        };
        let using = Using {
            provider,
            title: self.title(lines.clone()),
        };
        Intent::Create {
            title: self.title(lines.start..before),
            using: Some(using),
        }
    }

    /// The tokens of the first line from here on.
    fn line_from(&self, from: usize) -> Range<usize> {
        let breaks =
            |pair: &&[Token]| self.words.text[pair[0].raw.end..pair[1].raw.start].contains(['\n', '\r']);
        let pairs = self.tokens[from..].windows(2);
        let length = pairs.take_while(|pair| !breaks(pair)).count() + 1;
        from..self.tokens.len().min(from + length)
    }

    /// Who is to do it, if the last words say so, and where they begin.
    fn using(&self, range: Range<usize>) -> Option<(String, usize)> {
        let (last, before) = self.tokens[range.clone()].split_last()?;
        let length = self.table.using.end(before)?;
        let provider = match (last.quoted, self.words.quoted) {
            (true, Some(quoted)) => quoted,
            _ => &self.words.text[last.core.clone()],
        };
        Some((provider.to_owned(), range.end - 1 - length))
    }

    fn title(&self, range: Range<usize>) -> String {
        if self.quoted.is_some_and(|quoted| range.contains(&quoted))
            && let Some(quoted) = self.words.quoted
        {
            return cut(quoted.lines().next().unwrap_or_default());
        }
        let mut start = range.start;
        while let Some(length) = self.table.links.begin(&self.tokens[start..range.end]) {
            start += length;
        }
        self.typed(start..range.end).map_or_else(
            || self.language.replies().untitled.clone(),
            |text| cut(text.trim_end_matches(['.', '!', '?', ';', ',', ':'])),
        )
    }

    /// The text from the first of these tokens to the last.
    fn typed(&self, range: Range<usize>) -> Option<&'w str> {
        let tokens = &self.tokens[range];
        let (first, last) = (tokens.first()?, tokens.last()?);
        Some(&self.words.text[first.raw.start..last.raw.end])
    }

    /// What is to be done is the name.
    fn work(&self, after: usize) -> Option<Intent> {
        (after < self.tokens.len()).then(|| Intent::Create {
            title: self.whole_title(),
            using: None,
        })
    }

    fn whole_title(&self) -> String {
        let untitled = || self.language.replies().untitled.clone();
        let place = self.place();
        // Nothing but words that say nothing is still what was said.
        let place = if place < self.tokens.len() { place } else { 0 };
        let title = self.typed(self.line_from(place)).map(cut);
        title.filter(|title| !title.is_empty()).unwrap_or_else(untitled)
    }

    // ----- looking -----

    fn list(&self, after: usize) -> Option<Intent> {
        let end = self.sentence_end(after);
        let task = self.task[after];
        if task >= end {
            return None;
        }
        let named = (task + 1..end).find_map(|at| Some(at + self.table.about.begin(&self.tokens[at..end])?));
        if let Some(named) = named {
            return Some(Intent::Search {
                query: self.query(named..end),
            });
        }
        let mut denied = false;
        let mut status = None;
        for token in &self.tokens[after..end] {
            denied |= self.table.negations.have(token);
            status = status.or_else(|| self.table.statuses.get(&token.word).copied());
        }
        Some(Intent::List {
            status: status.filter(|_| !denied),
        })
    }

    /// A few words that are an order by themselves: to list, since verbs have their own rules.
    fn alone(&self, place: usize) -> Option<Intent> {
        let end = self.trimmed[self.tokens.len()].max(place);
        let here = &self.tokens[place..end];
        let is_list = self.table.alone.are(here) && !has_control(self.table, here);
        is_list.then_some(Intent::List { status: None })
    }

    /// What is searched for, as it was typed.
    fn query(&self, range: Range<usize>) -> String {
        let range = trim(self.table, self.tokens, range);
        let mut kept: Vec<&str> = Vec::new();
        let mut at = range.start;
        while at < range.end {
            let here = &self.tokens[at..range.end];
            let dropped = [&self.table.links, &self.table.articles, &self.table.task];
            match dropped.iter().find_map(|phrases| phrases.begin(here)) {
                Some(length) => at += length,
                None => {
                    let token = &self.tokens[at];
                    kept.push(match (token.quoted, self.words.quoted) {
                        (true, Some(quoted)) => quoted,
                        _ => &self.words.text[token.core.clone()],
                    });
                    at += 1;
                }
            }
        }
        kept.join(" ")
    }

    // ----- one task -----

    /// What the verb is about, if that is a task.
    fn target(&self, place: usize, after: usize) -> Option<Target> {
        let range = self.rest(after);
        let verb = &self.tokens[place..after];
        let marked = self.task[range.start] < range.end
            || self.quoted.is_some_and(|quoted| range.contains(&quoted))
            || self.ordinal_one[range.start] < range.end
            || self.table.pronouns.are(&self.tokens[range.clone()])
            || is_id(&self.tokens[range.clone()])
            || (range.is_empty() && self.table.alone.are(verb));
        marked.then(|| Target::of(self.language, self.words, range))
    }

    /// The words that a control verb is about, without fillers at both ends.
    fn rest(&self, after: usize) -> Range<usize> {
        let end = self.end_of(&self.clause, after);
        let last = self.trimmed[end].max(after);
        let mut start = after;
        while let Some(length) = self.table.fillers.begin(&self.tokens[start..last]) {
            start += length;
        }
        start..last
    }

    /// Whether a verb in the middle of a text is plainly about a task.
    fn is_near(&self, rule: Rule, after: usize) -> bool {
        let ends = if rule.controls() {
            &self.clause
        } else {
            &self.sentence
        };
        let end = self.end_of(ends, after);
        let here = &self.tokens[after..end];
        if here.first().is_some_and(|token| token.quoted) || self.table.pronouns.begin(here).is_some() {
            return true;
        }
        let mut others = 0;
        for token in here {
            if self.table.task.have(token) {
                return true;
            }
            others += usize::from(!self.table.articles.have(token));
            if others > 3 {
                break;
            }
        }
        false
    }

    /// "The login task: pause it." A pronoun stands for the task that was named before.
    fn with_words_before(&self, intent: Intent, before: Range<usize>) -> Intent {
        let named = before.clone().any(|at| {
            let token = &self.tokens[at];
            token.quoted
                || self.table.task.have(token)
                || ordinal_at(self.table, &self.tokens[at..before.end]).is_some()
        });
        if !named
            || !intent
                .target()
                .is_some_and(|target| target.is_open() && target.whole.is_empty())
        {
            return intent;
        }
        let target = Target::of(self.language, self.words, trim(self.table, self.tokens, before));
        match intent {
            Intent::Switch(_) => Intent::Switch(target),
            Intent::Pause(_) => Intent::Pause(target),
            Intent::Resume { again, .. } => Intent::Resume { target, again },
            Intent::Cancel(_) => Intent::Cancel(target),
            other => other,
        }
    }
}

/// Whether a control verb begins here.
fn has_control(table: &Table, tokens: &[Token]) -> bool {
    let mut rules = Rule::ALL.into_iter().filter(|rule| rule.controls());
    rules.any(|rule| rule.verbs(table).begin(tokens).is_some())
}

fn cut(text: &str) -> String {
    first_chars(text.trim(), TITLE).trim_end().to_owned()
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
