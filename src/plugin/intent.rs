//! What a text asks for: whole words in order, never a part of one.

use std::ops::Range;

use super::actions::ActionName;
use super::language::Language;
use super::passage::Passage;
use super::rule::{Rule, has_control, verbs_of};
use super::target::{Target, ordinal_at, trim};
use super::words::Words;
use crate::kernel::TaskStatus;

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
    Passage::new(language, &words).read()
}

/// What a text says about an action that was chosen by somebody else.
pub(super) fn read_as(language: &Language, text: &str, action: ActionName) -> Intent {
    let words = Words::of(text);
    let passage = Passage::new(language, &words);
    match passage.read() {
        Some(intent) if intent.action() == action => intent,
        other => passage.read_as(action, other),
    }
}

impl Passage<'_> {
    fn read(&self) -> Option<Intent> {
        let place = self.place();
        let here = &self.tokens[place..];
        if self.table.negations.lead(here) {
            return None;
        }
        let asks = self.table.questions.lead(here);
        let allowed = |rule: Rule| !asks || rule.only_looks();
        self.rule_at(place, &allowed)
            .or_else(|| self.later_rule(place, &allowed))
    }

    /// The text need not ask for the action: what is about it is what follows its verb, or all.
    fn read_as(&self, action: ActionName, other: Option<Intent>) -> Intent {
        let place = self.place();
        let mut verbs = verbs_of(self.table, &self.tokens[place..]).into_iter();
        let verb = verbs.find(|(rule, _)| rule.is_of(action));
        let after = verb.map_or(place, |(_, length)| place + length);
        let target = || {
            let said = other.as_ref().and_then(Intent::target).cloned();
            said.unwrap_or_else(|| Target::of(self.language, self.words, after..self.tokens.len()))
        };
        match action {
            ActionName::CreateTask => Intent::Create {
                title: self.whole_title(),
                using: None,
            },
            ActionName::ListTasks => Intent::List { status: None },
            ActionName::SearchTasks => Intent::Search {
                query: match (other.as_ref().and_then(Intent::target), &self.words.quoted) {
                    (_, Some(quoted)) => quoted.clone(),
                    (Some(target), None) => target.said().to_owned(),
                    (None, None) => self.query(after..self.tokens.len()),
                },
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

    fn rule_at(&self, place: usize, allowed: &dyn Fn(Rule) -> bool) -> Option<Intent> {
        let verbs = verbs_of(self.table, &self.tokens[place..]).into_iter();
        let by_verb = verbs
            .filter(|(rule, _)| allowed(*rule))
            .find_map(|(rule, length)| self.rule(rule, place, place + length));
        by_verb.or_else(|| self.alone(place))
    }

    fn later_rule(&self, place: usize, allowed: &dyn Fn(Rule) -> bool) -> Option<Intent> {
        let wanted = |rule: Rule| (rule.only_looks() || rule.controls()) && allowed(rule);
        // Whether something was denied in the sentence so far.
        let mut denied = false;
        for at in place..self.tokens.len() {
            if at > place && !denied {
                for (rule, length) in verbs_of(self.table, &self.tokens[at..]) {
                    let after = at + length;
                    let near = wanted(rule) && self.is_near(after, rule.controls());
                    if let Some(intent) = near.then(|| self.rule(rule, at, after)).flatten() {
                        return Some(self.with_words_before(intent, place..at));
                    }
                }
            }
            denied |= self.table.negations.lead(&self.tokens[at..]);
            denied &= !self.tokens[at].ends;
        }
        None
    }

    fn rule(&self, rule: Rule, place: usize, after: usize) -> Option<Intent> {
        match rule {
            Rule::New => self.new_task(place, after),
            Rule::Work => self.work(place, after),
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
        // "Which are not done?"
        let denied = (after..end).any(|at| self.table.negations.lead(&self.tokens[at..end]));
        let status = (after..end).find_map(|at| self.table.statuses.find(&self.tokens[at..end]));
        Some(Intent::List {
            status: status.map(|(status, _)| *status).filter(|_| !denied),
        })
    }

    /// A few words that are an order by themselves: to list, since verbs have their own rules.
    fn alone(&self, place: usize) -> Option<Intent> {
        let here = &self.tokens[trim(self.table, self.tokens, place..self.tokens.len())];
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
            let table = self.table;
            let dropped = [
                &table.links,
                &table.about,
                &table.articles,
                &table.task,
                &table.all,
            ];
            match dropped.iter().filter_map(|phrases| phrases.begin(here)).max() {
                Some(length) => at += length,
                None => {
                    kept.push(self.words.typed(&self.tokens[at]));
                    at += 1;
                }
            }
        }
        kept.join(" ")
    }

    // ----- one task -----

    /// What the verb is about, if that is a task.
    fn target(&self, place: usize, after: usize) -> Option<Target> {
        if self.table.negations.lead(&self.tokens[after..]) {
            return None;
        }
        let alone = self.table.alone.are(&self.tokens[place..after]);
        let range = self.rest(after, alone)?;
        Some(Target::of(self.language, self.words, range))
    }

    /// "The login task: pause it." A pronoun stands for the task that was named before.
    fn with_words_before(&self, intent: Intent, before: Range<usize>) -> Intent {
        let named = before.clone().any(|at| {
            let here = &self.tokens[at..before.end];
            here[0].quoted || self.table.task.lead(here) || ordinal_at(self.table, here).is_some()
        });
        if !named
            || !intent
                .target()
                .is_some_and(|target| target.is_open() && target.whole.is_empty())
        {
            return intent;
        }
        let target = Target::of(self.language, self.words, before);
        match intent {
            Intent::Switch(_) => Intent::Switch(target),
            Intent::Pause(_) => Intent::Pause(target),
            Intent::Resume { again, .. } => Intent::Resume { target, again },
            Intent::Cancel(_) => Intent::Cancel(target),
            other => other,
        }
    }
}
