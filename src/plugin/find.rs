//! From what was said to the tasks that it may mean. The best reading that fits any task counts; which of several is meant
//! is never guessed.

use super::language::Language;
use super::runtime::Role;
use super::target::{Ordinal, Target, parts};
use super::viewer::{Seen, Viewer, is_elsewhere};
use super::words::fold_name;
use crate::kernel::{Result, limits};
use crate::orchestrator::{AgentOrchestrator, ListQuery};

/// Of so many hits of a search the best are looked at.
const HITS: usize = 50;
/// Shorter beginnings of ids say too little.
const ID_LENGTH: usize = 4;

/// How the words of a target fit the tasks that it may mean.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    /// They are the id or the whole name.
    Exact,
    /// They are words of the name, its place in a list, or a status.
    Told,
    /// A search has found them somewhere.
    Guessed,
}

/// Finds tasks for one viewer.
pub(super) struct Finder<'a> {
    pub(super) orchestrator: &'a AgentOrchestrator,
    pub(super) language: &'a Language,
    pub(super) viewer: &'a Viewer,
    /// What the viewer sees, newest first.
    pub(super) seen: &'a [Seen],
    /// What was last shown to him.
    pub(super) shown: Option<Vec<String>>,
}

impl Finder<'_> {
    /// All tasks that a target may mean, by the best reading that fits any.
    pub(super) fn candidates(&self, target: &Target) -> Result<(Vec<Seen>, Fit)> {
        let names = self.names(target);
        let exact = self.filter(|task| self.is_called(target, &names, &task.id, &task.name));
        if !exact.is_empty() {
            return Ok((exact, Fit::Exact));
        }
        let wanted = target.name_words();
        let named = self.filter(|task| !wanted.is_empty() && has_all(&task.name, &wanted));
        let placed = self.placed(target);
        if !placed.is_empty() {
            return Ok((self.united(named, placed), Fit::Told));
        }
        let begun = self.filter(|task| match &wanted[..] {
            [word] => word.chars().count() >= ID_LENGTH && fold_name(&task.id).starts_with(word.as_str()),
            _ => false,
        });
        let named = self.united(named, begun);
        if !named.is_empty() {
            return Ok((named, Fit::Told));
        }
        Ok((self.search(&wanted.join(" "))?, Fit::Guessed))
    }

    /// What may be an id or a whole name, folded.
    fn names(&self, target: &Target) -> Vec<String> {
        target
            .names()
            .iter()
            .map(|name| self.bare(target, name))
            .collect()
    }

    /// A name folded. Articles before it do not count, unless it was quoted.
    fn bare(&self, target: &Target, name: &str) -> String {
        let folded = fold_name(name);
        if target.quoted.is_some() {
            return folded;
        }
        let articles = &self.language.words().articles;
        let mut rest = folded.as_str();
        while let Some((_, behind)) = rest.split_once(' ').filter(|(first, _)| articles.are(&[*first])) {
            rest = behind;
        }
        rest.to_owned()
    }

    fn is_called(&self, target: &Target, names: &[String], id: &str, name: &str) -> bool {
        let (id, name) = (fold_name(id), self.bare(target, name));
        names.iter().any(|wanted| *wanted == id || *wanted == name)
    }

    fn filter(&self, holds: impl Fn(&Seen) -> bool) -> Vec<Seen> {
        self.seen.iter().filter(|task| holds(task)).cloned().collect()
    }

    fn united(&self, mut tasks: Vec<Seen>, more: Vec<Seen>) -> Vec<Seen> {
        for task in more {
            if !tasks.iter().any(|known| known.id == task.id) {
                tasks.push(task);
            }
        }
        tasks
    }

    /// What a place in a list or a status means.
    fn placed(&self, target: &Target) -> Vec<Seen> {
        if target.quoted.is_some() {
            return Vec::new();
        }
        if let Some(status) = target.status {
            return self.filter(|task| task.status == status);
        }
        let Some(ordinal) = target.ordinal else {
            return Vec::new();
        };
        let words = target.other_words();
        let narrowed_by = |task: &&Seen| has_all(&task.name, &words);
        let newest_first: Vec<&Seen> = self.seen.iter().filter(narrowed_by).collect();
        let list = self.shown.as_ref().map_or_else(
            || newest_first.iter().copied().map(Some).collect(),
            |ids| self.still_there(ids, &words),
        );
        let one = |task: Option<&Seen>| task.into_iter().cloned().collect();
        match ordinal {
            Ordinal::Number(number) => {
                let place = (number as usize).checked_sub(1);
                let narrowed = place.and_then(|place| *list.get(place)?);
                // "Task 2 login" may be the second that was shown, too.
                let counted = place.and_then(|place| self.shown.as_ref()?.get(place));
                let counted = counted.and_then(|id| self.seen.iter().find(|task| task.id == *id));
                self.united(one(narrowed), one(counted.filter(narrowed_by)))
            }
            Ordinal::Newest => one(newest_first.first().copied()),
            Ordinal::Oldest => one(newest_first.last().copied()),
            Ordinal::Last => {
                let bottom = list.last().copied().flatten();
                self.united(one(newest_first.first().copied()), one(bottom))
            }
        }
    }

    /// What was shown, as it is now. One that is gone keeps its place, unless words say which of them count.
    fn still_there(&self, ids: &[String], words: &[String]) -> Vec<Option<&Seen>> {
        let find = |id: &String| self.seen.iter().find(|task| task.id == *id);
        let all = ids.iter().map(find);
        if words.is_empty() {
            return all.collect();
        }
        all.filter(|task| task.is_some_and(|task| has_all(&task.name, words)))
            .collect()
    }

    fn search(&self, text: &str) -> Result<Vec<Seen>> {
        // A text that is too long for a search is no task's name either.
        if text.trim().is_empty() || limits::QUERY.check(text.len()).is_err() {
            return Ok(Vec::new());
        }
        search(self.orchestrator, self.viewer, text, HITS)
    }

    /// Whether exactly this task exists where the viewer does not look.
    pub(super) fn is_foreign(&self, target: &Target) -> Result<bool> {
        let names = self.names(target);
        is_elsewhere(self.orchestrator, self.viewer, |id, name| {
            self.is_called(target, &names, id, name)
        })
    }
}

/// What the kernel finds for a text, best first, among what a viewer sees.
pub(super) fn search(
    orchestrator: &AgentOrchestrator,
    viewer: &Viewer,
    text: &str,
    limit: usize,
) -> Result<Vec<Seen>> {
    let query = ListQuery {
        text: Some(text.to_owned()),
        limit: Some(limit),
        ..ListQuery::default()
    };
    let of_room = ListQuery {
        room_id: Some(viewer.room.clone()),
        ..query.clone()
    };
    let of_world = |world: &String| ListQuery {
        world_id: Some(world.clone()),
        ..query.clone()
    };
    let queries = match viewer.role {
        Role::Owner => vec![query],
        Role::Member => vec![of_room],
        Role::WorldOwner => {
            let of_world = viewer.world.as_ref().map(of_world);
            [of_room].into_iter().chain(of_world).collect()
        }
    };
    orchestrator.inspect(|engine| {
        let kernel = engine.kernel();
        let mut keys = Vec::new();
        for query in &queries {
            let page = query.run(kernel)?;
            let new: Vec<_> = page.keys.into_iter().filter(|key| !keys.contains(key)).collect();
            keys.extend(new);
        }
        Ok(keys.into_iter().filter_map(|key| Seen::of(kernel, key)).collect())
    })?
}

/// Whether a name has all these words, as whole words.
fn has_all(name: &str, words: &[String]) -> bool {
    let parts = parts(name);
    words.iter().all(|word| parts.contains(word))
}
