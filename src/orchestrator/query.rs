//! Listing tasks: filtered, sorted, a page at a time.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use serde::{Deserialize, Deserializer};

use super::search::Search;
use crate::kernel::{
    ErrorCode, Kernel, KeySet, OrchestratorError, Result, TaskKey, TaskStatus, TaskUserStatus, limits,
};

/// The order of a list. Equal ones stand in the order of creation, in the same direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Sort {
    /// Oldest first.
    #[serde(rename = "createdAt")]
    CreatedAt,
    /// Newest first.
    #[default]
    #[serde(rename = "-createdAt")]
    CreatedAtDescending,
    /// Longest unchanged first.
    #[serde(rename = "updatedAt")]
    UpdatedAt,
    /// Last changed first.
    #[serde(rename = "-updatedAt")]
    UpdatedAtDescending,
    /// By name, byte by byte.
    #[serde(rename = "name")]
    Name,
    /// By name, backwards.
    #[serde(rename = "-name")]
    NameDescending,
}

impl Sort {
    /// Every order.
    pub const ALL: [Self; 6] = [
        Self::CreatedAt,
        Self::CreatedAtDescending,
        Self::UpdatedAt,
        Self::UpdatedAtDescending,
        Self::Name,
        Self::NameDescending,
    ];

    const fn descends(self) -> bool {
        matches!(
            self,
            Self::CreatedAtDescending | Self::UpdatedAtDescending | Self::NameDescending
        )
    }
}

/// Which tasks are listed, in which order, how many. All conditions must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ListQuery {
    /// One of these; any status when empty.
    pub status: Vec<TaskStatus>,
    /// The user status.
    pub user_status: Option<TaskUserStatus>,
    /// The provider's id.
    pub provider_id: Option<String>,
    /// A tag.
    pub tag: Option<String>,
    /// The id of the task above; `Some(None)` (in JSON `null`) for tasks with none above.
    #[serde(deserialize_with = "present")]
    pub parent: Option<Option<String>>,
    /// The room.
    pub room_id: Option<String>,
    /// The world.
    pub world_id: Option<String>,
    /// A search text; the best match comes first unless `sort` is given.
    pub text: Option<String>,
    /// The order; newest first when absent.
    pub sort: Option<Sort>,
    /// How many, from 1 to 1000; 20 when absent.
    pub limit: Option<usize>,
    /// The end of the page before.
    pub cursor: Option<String>,
    /// Whether to count all tasks that meet the conditions, on whatever page they are.
    pub total: bool,
}

/// Tells `null` from an absent field.
fn present<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(value).map(Some)
}

/// One page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The tasks, in order.
    pub keys: Vec<TaskKey>,
    /// What to pass as `cursor` for the next page; absent on the last.
    pub next_cursor: Option<String>,
    /// How many tasks meet the conditions, if that was asked.
    pub total: Option<usize>,
}

/// What a task is sorted by. Derived order is right: one list has one variant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Created,
    Number(u64),
    Name(String),
}

/// A place in a sorted list.
type Place = (Rank, TaskKey);

struct Filter<'q> {
    query: &'q ListQuery,
    parent: Option<Option<TaskKey>>,
    search: Option<Search>,
}

impl ListQuery {
    /// Lists the tasks of a kernel.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for a limit, text or cursor that makes no sense.
    pub fn run(&self, kernel: &Kernel) -> Result<Page> {
        let limit = self.limit.unwrap_or(20);
        if !(1..=limits::PAGE.max).contains(&limit) {
            let max = limits::PAGE.max;
            return Err(OrchestratorError::invalid(format!(
                "limit must be from 1 to {max}, not {limit}"
            )));
        }
        let search = self.text.as_deref().map(Search::new).transpose()?;
        let by_score = search.is_some() && self.sort.is_none();
        let sort = self.sort.unwrap_or_default();
        let cursor = self
            .cursor
            .as_deref()
            .map(|text| read_cursor(text, sort, by_score))
            .transpose()?;
        let Some(filter) = Filter::new(self, kernel, search) else {
            return Ok(Page {
                total: self.total.then_some(0),
                ..Page::default()
            });
        };
        let by_creation = !by_score && matches!(sort, Sort::CreatedAt | Sort::CreatedAtDescending);
        let places = if by_creation {
            let after = cursor.map(|(_, key)| key);
            let keys = filter.candidates(kernel, sort.descends(), after);
            keys.filter(|key| filter.holds(kernel, *key))
                .take(limit + 1)
                .map(|key| (Rank::Created, key))
                .collect()
        } else {
            filter.sorted(kernel, sort, cursor.as_ref(), limit + 1)
        };
        let more = places.len() > limit;
        let next_cursor = places.get(limit - 1).filter(|_| more).map(write_cursor);
        Ok(Page {
            keys: places.into_iter().take(limit).map(|(_, key)| key).collect(),
            next_cursor,
            total: self.total.then(|| filter.count(kernel)),
        })
    }
}

impl<'q> Filter<'q> {
    /// None when it is plain that nothing can match.
    fn new(query: &'q ListQuery, kernel: &Kernel, search: Option<Search>) -> Option<Self> {
        let parent = match &query.parent {
            Some(Some(id)) => Some(Some(kernel.find_task(id)?)),
            Some(None) => Some(None),
            None => None,
        };
        Some(Self {
            query,
            parent,
            search,
        })
    }

    /// Tasks that may match, from the smallest index that the query names, in order of creation.
    fn candidates<'k>(
        &self,
        kernel: &'k Kernel,
        descending: bool,
        after: Option<TaskKey>,
    ) -> Box<dyn Iterator<Item = TaskKey> + 'k> {
        static NONE: std::sync::LazyLock<KeySet> = std::sync::LazyLock::new(KeySet::default);
        let mut indexes: Vec<Vec<&KeySet>> = Vec::new();
        if !self.query.status.is_empty() {
            let wanted = TaskStatus::ALL
                .into_iter()
                .filter(|status| self.query.status.contains(status));
            indexes.push(wanted.map(|status| kernel.with_status(status)).collect());
        }
        if let Some(tag) = &self.query.tag {
            indexes.push(vec![kernel.with_tag(tag).unwrap_or(&NONE)]);
        }
        if let Some(room) = &self.query.room_id {
            indexes.push(vec![kernel.in_room(room).unwrap_or(&NONE)]);
        }
        if let Some(world) = &self.query.world_id {
            indexes.push(vec![kernel.in_world(world).unwrap_or(&NONE)]);
        }
        if let Some(Some(parent)) = self.parent {
            indexes.push(vec![kernel.with_parent(parent).unwrap_or(&NONE)]);
        }
        if let Some(id) = &self.query.provider_id {
            let tasks = kernel
                .find_provider(id)
                .and_then(|provider| kernel.of_provider(provider));
            indexes.push(vec![tasks.unwrap_or(&NONE)]);
        }
        let smallest = indexes
            .into_iter()
            .min_by_key(|sets| sets.iter().map(|set| set.len()).sum::<usize>());
        match (smallest, descending) {
            (Some(sets), true) => Box::new(merge(
                sets.into_iter().map(|set| set.descending(after)).collect(),
                |a, b| a > b,
            )),
            (Some(sets), false) => Box::new(merge(
                sets.into_iter().map(|set| set.ascending(after)).collect(),
                |a, b| a < b,
            )),
            (None, true) => Box::new(kernel.tasks_before(after)),
            (None, false) => Box::new(kernel.tasks_after(after)),
        }
    }

    fn count(&self, kernel: &Kernel) -> usize {
        let keys = self.candidates(kernel, false, None);
        keys.filter(|key| self.holds(kernel, *key)).count()
    }

    fn holds(&self, kernel: &Kernel, key: TaskKey) -> bool {
        let Some(task) = kernel.task(key) else {
            return false;
        };
        let query = self.query;
        (query.status.is_empty() || query.status.contains(&task.status()))
            && query
                .user_status
                .is_none_or(|status| status == task.user_status())
            && query
                .tag
                .as_deref()
                .is_none_or(|wanted| task.tags().any(|tag| tag == wanted))
            && self.parent.is_none_or(|parent| parent == task.parent())
            && query
                .room_id
                .as_deref()
                .is_none_or(|room| kernel.room(task) == Some(room))
            && query
                .world_id
                .as_deref()
                .is_none_or(|world| kernel.world(task) == Some(world))
            && query.provider_id.as_deref().is_none_or(|id| {
                kernel
                    .provider(task.provider())
                    .is_some_and(|provider| provider.id() == id)
            })
            && self
                .search
                .as_ref()
                .is_none_or(|search| search.score(kernel, key) > 0)
    }

    fn sorted(&self, kernel: &Kernel, sort: Sort, cursor: Option<&Place>, count: usize) -> Vec<Place> {
        let by_score = self.search.as_ref().filter(|_| self.query.sort.is_none());
        let descends = sort.descends();
        let after = cursor.map(|place| Standing::new(place.clone(), descends));
        // The first ones found so far, the last of them on top: there are far more tasks than a page has.
        let mut first = BinaryHeap::with_capacity(count + 1);
        for key in self.candidates(kernel, false, None) {
            let Some(task) = kernel.task(key).filter(|_| self.holds(kernel, key)) else {
                continue;
            };
            let rank = match (by_score, sort) {
                (Some(search), _) => Rank::Number(search.score(kernel, key).into()),
                (None, Sort::Name | Sort::NameDescending) => Rank::Name(task.name().to_owned()),
                (None, _) => Rank::Number(task.updated_at()),
            };
            let standing = Standing::new((rank, key), descends);
            if after.as_ref().is_some_and(|after| standing <= *after) {
                continue;
            }
            first.push(standing);
            if first.len() > count {
                first.pop();
            }
        }
        let first = first.into_sorted_vec();
        first.into_iter().map(|standing| standing.place).collect()
    }
}

/// A place that comes before or after another, as the order of the list says.
#[derive(PartialEq, Eq)]
struct Standing {
    place: Place,
    descends: bool,
}

impl Standing {
    const fn new(place: Place, descends: bool) -> Self {
        Self { place, descends }
    }
}

impl Ord for Standing {
    fn cmp(&self, other: &Self) -> Ordering {
        let order = self.place.cmp(&other.place);
        if self.descends { order.reverse() } else { order }
    }
}

impl PartialOrd for Standing {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Merges sorted streams that have no key in common.
fn merge<I: Iterator<Item = TaskKey>>(
    streams: Vec<I>,
    before: fn(&TaskKey, &TaskKey) -> bool,
) -> impl Iterator<Item = TaskKey> {
    let mut streams: Vec<_> = streams.into_iter().map(Iterator::peekable).collect();
    std::iter::from_fn(move || {
        let mut first: Option<(usize, TaskKey)> = None;
        for (index, stream) in streams.iter_mut().enumerate() {
            if let Some(key) = stream.peek()
                && first.is_none_or(|(_, best)| before(key, &best))
            {
                first = Some((index, *key));
            }
        }
        streams[first?.0].next()
    })
}

fn write_cursor((rank, key): &Place) -> String {
    let key = key.get();
    match rank {
        Rank::Created => format!("{key}"),
        Rank::Number(number) => format!("{key}.{number}"),
        Rank::Name(name) => format!("{key}:{name}"),
    }
}

fn read_cursor(text: &str, sort: Sort, by_score: bool) -> Result<Place> {
    let key = |text: &str| text.parse().ok().map(TaskKey::new);
    let place = match sort {
        _ if by_score => text
            .split_once('.')
            .and_then(|(k, n)| Some((Rank::Number(n.parse().ok()?), key(k)?))),
        Sort::CreatedAt | Sort::CreatedAtDescending => key(text).map(|key| (Rank::Created, key)),
        Sort::UpdatedAt | Sort::UpdatedAtDescending => text
            .split_once('.')
            .and_then(|(k, n)| Some((Rank::Number(n.parse().ok()?), key(k)?))),
        Sort::Name | Sort::NameDescending => text
            .split_once(':')
            .and_then(|(k, name)| Some((Rank::Name(name.to_owned()), key(k)?))),
    };
    place.ok_or_else(|| {
        OrchestratorError::invalid("the cursor is not one that this list gave with the same sort")
    })
}

/// The tasks that match a text best, best first.
pub(crate) fn search(kernel: &Kernel, text: &str, limit: usize) -> Result<Vec<TaskKey>> {
    let query = ListQuery {
        text: Some(text.to_owned()),
        limit: Some(limit),
        ..ListQuery::default()
    };
    query.run(kernel).map(|page| page.keys)
}

/// The one task that an id or a search text means.
pub(crate) fn resolve(kernel: &Kernel, text: &str) -> Result<TaskKey> {
    if let Some(key) = kernel.find_task(text) {
        return Ok(key);
    }
    let found = search(kernel, text, 6)?;
    let search = Search::new(text)?;
    let score = |key: &TaskKey| search.score(kernel, *key);
    match found.as_slice() {
        [] => Err(not_found(text)),
        [only] => Ok(*only),
        [first, second, ..] if score(first) > score(second) => Ok(*first),
        several => {
            let names: Vec<String> = several
                .iter()
                .take(5)
                .filter_map(|key| {
                    Some(format!(
                        "{:?} ({})",
                        kernel.task(*key)?.name(),
                        kernel.task_id(*key)
                    ))
                })
                .collect();
            let more = if several.len() > 5 { " and more" } else { "" };
            Err(OrchestratorError::new(
                ErrorCode::TaskAmbiguous,
                format!("{text:?} could mean {}{more}; give an id", names.join(", ")),
            ))
        }
    }
}

pub(crate) fn not_found(id: &str) -> OrchestratorError {
    OrchestratorError::new(
        ErrorCode::TaskNotFound,
        format!("there is no task {}", limits::quoted(id)),
    )
}
