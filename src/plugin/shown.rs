//! What was last shown to whom: "the second one" means the second of that.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::viewer::{Seen, Viewer};

/// So many viewers are remembered; then the one to whom nothing was shown for longest is forgotten.
const VIEWERS: usize = 1000;

/// A user in a room, or all of a room whose names are not known.
type Key = (String, Option<String>);

#[derive(Debug, Default)]
pub(super) struct Shown {
    lists: Mutex<Lists>,
}

#[derive(Debug, Default)]
struct Lists {
    clock: u64,
    by_viewer: BTreeMap<Key, (u64, Vec<String>)>,
    by_age: BTreeMap<u64, Key>,
}

impl Shown {
    fn lists(&self) -> MutexGuard<'_, Lists> {
        // Nothing foreign runs under the lock.
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers a list of tasks, in place of the one before. An empty one has no numbers that could be meant.
    pub(super) fn keep(&self, viewer: &Viewer, tasks: &[Seen]) {
        if tasks.is_empty() {
            return;
        }
        let ids: Vec<String> = tasks.iter().map(|task| task.id.clone()).collect();
        let mut lists = self.lists();
        let Lists {
            clock,
            by_viewer,
            by_age,
        } = &mut *lists;
        *clock += 1;
        let key = key_of(viewer);
        if let Some((before, _)) = by_viewer.insert(key.clone(), (*clock, ids)) {
            by_age.remove(&before);
        }
        by_age.insert(*clock, key);
        if by_viewer.len() > VIEWERS
            && let Some((_, oldest)) = by_age.pop_first()
        {
            by_viewer.remove(&oldest);
        }
    }

    /// The ids of the tasks that were shown, in their order.
    pub(super) fn last(&self, viewer: &Viewer) -> Option<Vec<String>> {
        let lists = self.lists();
        lists.by_viewer.get(&key_of(viewer)).map(|(_, ids)| ids.clone())
    }
}

fn key_of(viewer: &Viewer) -> Key {
    (viewer.room.clone(), viewer.user.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::TaskStatus;

    #[test]
    fn a_thousand_viewers_are_remembered_and_the_oldest_goes_first() {
        let shown = Shown::default();
        let viewer = |number: usize| Viewer::member(format!("room {number}"), None);
        let task = |id: &str| Seen {
            id: id.to_owned(),
            name: String::new(),
            status: TaskStatus::Pending,
            progress: 0,
        };
        for number in 0..VIEWERS {
            shown.keep(&viewer(number), &[task(&number.to_string())]);
        }
        shown.keep(&viewer(0), &[task("again")]);
        shown.keep(&viewer(0), &[]);
        shown.keep(&viewer(VIEWERS), &[task("new")]);
        let last = |number| shown.last(&viewer(number)).unwrap_or_default();
        assert_eq!(
            (last(0), last(1), last(VIEWERS)),
            (vec!["again".to_owned()], vec![], vec!["new".to_owned()])
        );
        let lists = shown.lists();
        assert_eq!((lists.by_viewer.len(), lists.by_age.len()), (VIEWERS, VIEWERS));
    }
}
