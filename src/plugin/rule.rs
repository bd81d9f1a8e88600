//! The verbs, and which rule each belongs to.

use super::actions::ActionName;
use super::language::Table;
use super::phrases::Phrases;
use super::words::Token;

/// Which rule a verb belongs to. In the order in which they are tried.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
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

    pub(super) const fn controls(self) -> bool {
        matches!(
            self,
            Self::Switch | Self::Pause | Self::Resume | Self::Again | Self::Cancel
        )
    }

    pub(super) const fn is_of(self, action: ActionName) -> bool {
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

    pub(super) const fn only_looks(self) -> bool {
        matches!(self, Self::Search | Self::List)
    }
}

/// The rules whose verb stands at the beginning of these words, each with the length of the verb. Of verbs that begin alike
/// the longest counts.
pub(super) fn verbs_of(table: &Table, tokens: &[Token]) -> Vec<(Rule, usize)> {
    let found = Rule::ALL
        .into_iter()
        .filter_map(|rule| Some((rule, rule.verbs(table).begin(tokens)?)));
    let mut found: Vec<_> = found.collect();
    let longest = found.iter().map(|(_, length)| *length).max();
    found.retain(|(_, length)| Some(*length) == longest);
    found
}

/// Whether a control verb begins here.
pub(super) fn has_control(table: &Table, tokens: &[Token]) -> bool {
    let mut rules = Rule::ALL.into_iter().filter(|rule| rule.controls());
    rules.any(|rule| rule.verbs(table).lead(tokens))
}
