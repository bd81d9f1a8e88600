//! The names of the file store's files.

/// One file: a snapshot and the events after it. The first one may begin with events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Generation(u64);

impl Generation {
    pub(super) const FIRST: Self = Self(1);

    pub(super) fn name(self) -> String {
        format!("{:08}.journal", self.0)
    }

    pub(super) const fn next(self) -> Self {
        // One a nanosecond would take five centuries to get there.
        Self(self.0.saturating_add(1))
    }

    fn of(name: &str) -> Option<Self> {
        let generation = Self(name.strip_suffix(".journal")?.parse().ok()?);
        (generation >= Self::FIRST && generation.name() == name).then_some(generation)
    }
}

/// The generations among these files, in order: those that do not hang together with the newest one, and the rest.
pub(super) fn contiguous(files: Vec<String>) -> (Vec<Generation>, Vec<Generation>) {
    let mut before: Vec<Generation> = files.iter().filter_map(|name| Generation::of(name)).collect();
    before.sort_unstable();
    before.dedup();
    let gap = before.windows(2).rposition(|pair| pair[0].next() != pair[1]);
    let kept = before.split_off(gap.map_or(0, |gap| gap + 1));
    (before, kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_generations_are_taken() {
        let files = [
            "00000003.journal",
            "lock",
            "00000001.journal",
            "0000002.journal",
            "+0000002.journal",
            "00000002.journal.old",
            "00000000.journal",
            "000000004.journal",
            "123456789.journal",
            "99999999999999999999999.journal",
        ];
        let (_, kept) = contiguous(files.map(str::to_owned).to_vec());
        assert_eq!(kept, [Generation(123_456_789)]);
        let (left, kept) = contiguous(files[..8].iter().map(|name| (*name).to_owned()).collect());
        assert_eq!((left, kept), (vec![Generation(1)], vec![Generation(3)]));
        let (left, kept) = contiguous((1..=4).map(|n| Generation(n).name()).collect());
        assert_eq!((left.len(), kept.len()), (0, 4));
        assert_eq!(contiguous(Vec::new()), (Vec::new(), Vec::new()));
    }
}
