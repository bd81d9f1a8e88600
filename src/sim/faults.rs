//! What goes wrong in a simulation, and how often.

use super::Rng;

/// How often something goes wrong, in each thousand of steps.
///
/// What goes wrong when follows from the seed of the simulation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultPlan {
    /// The power fails: of what was not synced, anything may be left.
    pub crash: u64,
    /// Appends become slow, up to `slow_by` milliseconds, or fast again.
    pub slow: u64,
    /// How slow appends can become.
    pub slow_by: u64,
    /// A call to the disk fails.
    pub fail: u64,
    /// The power fails in the middle of a call to the disk.
    pub torn: u64,
    /// Somebody else has written to the journal.
    pub conflict: u64,
    /// There is no room left on the disk.
    pub full: u64,
    /// A completion comes a second time, at any later time.
    pub duplicate: u64,
    /// The clock is set forward or back.
    pub jump: u64,
    /// Of a thousand attempts, how many never end.
    pub lost: u64,
    /// Of a thousand attempts, how many take no notice of a cancel and report late.
    pub late: u64,
    /// Whether any of the futures that can go on is next, and not the one that was woken first.
    pub reorder: bool,
}

impl FaultPlan {
    /// Nothing goes wrong.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            crash: 0,
            slow: 0,
            slow_by: 0,
            fail: 0,
            torn: 0,
            conflict: 0,
            full: 0,
            duplicate: 0,
            jump: 0,
            lost: 0,
            late: 0,
            reorder: false,
        }
    }

    /// Some things go wrong, and others do not, as follows from the seed: most bugs need a few kinds of trouble, and
    /// all of them at once hide each other.
    #[must_use]
    pub fn of_seed(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let mut often = |most: u64| match rng.percent(50) {
            true => rng.below(most + 1),
            false => 0,
        };
        Self {
            crash: often(60),
            slow: often(80),
            slow_by: 1 + often(5000),
            fail: often(10),
            torn: often(20),
            conflict: often(8),
            full: often(5),
            duplicate: often(60),
            jump: often(20),
            lost: often(200),
            late: often(400),
            reorder: often(1) == 1,
        }
    }
}

impl Default for FaultPlan {
    fn default() -> Self {
        Self::none()
    }
}
