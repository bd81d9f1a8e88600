//! Chooses the operations of a simulation, and what its attempts do.

use super::operation::Operation;
use super::script::{Act, Script};
use super::{FaultPlan, Rng};
use crate::kernel::{Millis, OnDependencyFailure, OnInterrupt, TaskStatus, Timeouts};
use crate::orchestrator::{CreateTask, RetryPolicy, Start};

/// The providers, with how many of their tasks may run at once.
pub(super) const PROVIDERS: [(&str, Option<u32>); 3] = [("p0", None), ("p1", Some(1)), ("p2", Some(2))];
/// Where the clock stands at the begin.
pub(super) const START: Millis = 1_763_000_000_000;

const GROUPS: [&str; 2] = ["g0", "g1"];

/// Chooses one operation after the other.
pub(super) struct Generator {
    rng: Rng,
    plan: FaultPlan,
    weights: Vec<u64>,
    created: u64,
}

/// How often each kind of call comes, in the order of `Generator::call`.
const WEIGHTS: [u64; 22] = [
    14, 14, 12, 3, 6, 8, 5, 7, 2, 1, 3, 1, 2, 2, 2, 2, 1, 3, 3, 3, 3, 3,
];

impl Generator {
    pub(super) fn new(seed: u64, plan: FaultPlan) -> Self {
        let mut rng = Rng::new(seed);
        // Not every run has everything: some calls hide what others bring about.
        let mut weights: Vec<u64> = WEIGHTS.to_vec();
        for weight in weights.iter_mut().skip(3) {
            match rng.below(6) {
                0 => *weight = 0,
                1 => *weight *= 4,
                _ => {}
            }
        }
        Self {
            rng,
            plan,
            weights,
            created: 0,
        }
    }

    pub(super) fn next(&mut self) -> Operation {
        if let Some(fault) = self.fault() {
            return fault;
        }
        match self.rng.below(100) {
            0..40 => self.call(),
            40..75 => Operation::Poll(1 + self.rng.below(3) as u32),
            75..85 => Operation::Idle,
            _ => Operation::Advance(self.span()),
        }
    }

    fn span(&mut self) -> Millis {
        let most = [20, 300, 3000, 60_000][self.rng.below(4) as usize];
        1 + self.rng.below(most)
    }

    fn fault(&mut self) -> Option<Operation> {
        let FaultPlan {
            crash,
            slow,
            slow_by,
            fail,
            torn,
            conflict,
            full,
            duplicate,
            jump,
            ..
        } = self.plan;
        let mut dice = self.rng.below(1000);
        let mut falls = |chance: u64| {
            let falls = dice < chance;
            dice = dice.wrapping_sub(chance);
            falls
        };
        if falls(crash) {
            return Some(match self.rng.percent(85) {
                true => Operation::Crash(self.rng.next_u64()),
                false => Operation::Reopen,
            });
        }
        if falls(slow) {
            return Some(Operation::Slow(match self.rng.percent(50) {
                true => self.rng.below(slow_by + 1),
                false => 0,
            }));
        }
        if falls(fail) {
            return Some(Operation::FailAfter(self.rng.below(8)));
        }
        if falls(torn) {
            return Some(Operation::CutPowerAfter(self.rng.below(8)));
        }
        if falls(conflict) {
            return Some(Operation::Conflict);
        }
        if falls(full) {
            return Some(Operation::Full(self.rng.below(600)));
        }
        if falls(duplicate) {
            let attempt = 1 + self.rng.below(3) as u32;
            return Some(Operation::Finish(self.task(), attempt, self.rng.percent(50)));
        }
        falls(jump).then(|| {
            let by = self.rng.below(4_000_000) as i64;
            Operation::Jump(if self.rng.percent(50) { by } else { -by })
        })
    }

    fn call(&mut self) -> Operation {
        let mut dice = self.rng.below(self.weights.iter().sum());
        let falls = |weight: &u64| {
            let falls = dice < *weight;
            dice = dice.wrapping_sub(*weight);
            falls
        };
        match self.weights.iter().position(falls).unwrap_or(0) {
            0 => {
                let several = if self.rng.percent(20) {
                    2 + self.rng.below(3)
                } else {
                    1
                };
                let first = self.created;
                Operation::Create((0..several).map(|_| self.new_task(first)).collect())
            }
            1 => {
                let first = self.created;
                Operation::Run(Box::new(self.new_task(first)))
            }
            2 => Operation::Start(self.task()),
            3 => Operation::Wait(self.task()),
            4 => Operation::Pause(self.task()),
            5 => Operation::Resume(self.task()),
            6 => Operation::Cancel(self.task()),
            7 => Operation::Restart(self.task()),
            8 => Operation::Delete(self.task()),
            9 => Operation::Rename(self.task(), format!("name {}", self.rng.below(9))),
            10 => Operation::Reassign(self.task(), self.provider()),
            11 => Operation::Mark(self.task(), self.rng.percent(50)),
            12 => Operation::Output(self.task(), self.text()),
            13 => Operation::Progress(self.task(), self.rng.below(140) as f64 - 20.0),
            14 => Operation::AddStep(self.task(), self.text()),
            15 => {
                let step = format!("s{}", 1 + self.rng.below(3));
                let status = [TaskStatus::Running, TaskStatus::Completed][self.rng.below(2) as usize];
                Operation::UpdateStep(self.task(), step, status)
            }
            16 => {
                let scope = ["", "room", "room|ann"][self.rng.below(3) as usize];
                let task = self.rng.percent(70).then(|| self.task());
                match scope {
                    "" => Operation::Select(task),
                    _ => Operation::SelectIn(scope.to_owned(), task),
                }
            }
            17 | 18 => Operation::Register(self.provider()),
            19 => Operation::Unregister(self.provider()),
            20 => {
                let group = ["", GROUPS[0], GROUPS[1]][self.rng.below(3) as usize];
                let max = self.rng.percent(70).then(|| self.rng.below(3) as u32);
                Operation::LimitGroup(group.to_owned(), max)
            }
            _ => Operation::Flush,
        }
    }

    /// One of the last tasks, or one that never was.
    fn task(&mut self) -> String {
        if self.rng.percent(3) {
            return "nobody".to_owned();
        }
        let back = self.rng.below(self.created.clamp(1, 9));
        format!("t{}", self.created.saturating_sub(back + 1))
    }

    fn provider(&mut self) -> String {
        match self.rng.below(20) {
            0 => "nobody".to_owned(),
            _ => PROVIDERS[self.rng.below(3) as usize].0.to_owned(),
        }
    }

    fn text(&mut self) -> String {
        let lines = self.rng.below(4);
        let line = |n| format!("line {n} of {}\n", self.rng.below(1000));
        (0..lines).map(line).collect()
    }

    /// A task that may depend on any before it, and, if it is wrong, on itself.
    fn new_task(&mut self, first: u64) -> CreateTask {
        let number = self.created;
        self.created += 1;
        let rng = &mut self.rng;
        let mut chance = |percent| rng.percent(percent);
        let taken = chance(2) && number > 0;
        let mut task = CreateTask::new(if chance(1) {
            String::new()
        } else {
            format!("task {number}")
        });
        task.id = Some(format!("t{}", if taken { number - 1 } else { number }));
        task.start = if chance(50) { Start::Now } else { Start::Manual };
        task.on_dependency_failure = match chance(40) {
            true => OnDependencyFailure::Fail,
            false => OnDependencyFailure::Block,
        };
        task.outlives_parent = chance(30);
        let (parent, depends, retries, timed, group) =
            (chance(20), chance(30), chance(35), chance(35), chance(50));
        let interrupt = chance(60);
        task.provider_id = Some(self.provider());
        if parent {
            task.parent_id = Some(self.task());
        }
        if depends {
            for _ in 0..=self.rng.below(2) {
                // One of those that are made together may come later.
                let on = match self.rng.below(20) {
                    0 => first + self.rng.below(4),
                    _ => number.saturating_sub(1 + self.rng.below(6)),
                };
                task.depends_on.push(format!("t{on}"));
            }
        }
        if retries {
            task.retry = Some(RetryPolicy {
                max_attempts: 1 + self.rng.below(4) as u32,
                delay: self.rng.below(2000),
                max_delay: self.rng.below(10_000),
                factor: 1.0 + self.rng.below(3) as f64,
                jitter: self.rng.below(11) as f64 / 10.0,
            });
        }
        if timed {
            self.time(&mut task);
        }
        if group {
            task.group = Some(GROUPS[self.rng.below(2) as usize].to_owned());
        }
        if self.rng.percent(40) {
            task.priority = self.rng.below(5) as i32 - 2;
        }
        if interrupt {
            let all = OnInterrupt::ALL;
            task.on_interrupt = Some(all[self.rng.below(all.len() as u64) as usize]);
        }
        if self.rng.percent(5) {
            task.idempotency_key = Some(format!("order {}", self.rng.below(3)));
        }
        task
    }

    fn time(&mut self, task: &mut CreateTask) {
        let rng = &mut self.rng;
        let mut span = || rng.percent(40).then(|| 1 + rng.below(20_000));
        task.timeout = Timeouts {
            attempt: span(),
            idle: span(),
            total: span(),
        };
        task.deadline = span().map(|span| START + 10 * span);
        task.start_at = span().map(|span| START + 5 * span);
    }
}

/// What an attempt does, as follows from the seed, the task and the attempt, whenever it runs.
pub(super) fn script(seed: u64, plan: FaultPlan, task: &str, attempt: u32) -> Script {
    let mut rng = Rng::new(seed);
    for byte in task.bytes().chain(attempt.to_le_bytes()) {
        let mixed = rng.next_u64() ^ u64::from(byte);
        rng = Rng::new(mixed);
    }
    let mut acts = Vec::new();
    let late = rng.below(1000) < plan.late;
    if late {
        acts.push(Act::IgnoreCancel);
    }
    for n in 0..rng.below(4) {
        acts.push(match rng.below(6) {
            0 => Act::Output(format!("output {n}")),
            1 => Act::Progress(rng.below(100) as f64),
            2 => Act::Step(format!("step {n}")),
            3 => Act::UntilResumed,
            4 => Act::Wait(rng.below(20_000)),
            _ => Act::Wait(rng.below(200)),
        });
    }
    if late {
        // So long that it may be called off before, and so short that it may come before its future is dropped.
        acts.push(Act::Wait(rng.below(1500)));
        acts.push(Act::Output("perhaps too late".to_owned()));
    }
    if rng.below(1000) < plan.lost {
        acts.push(Act::Never);
    }
    acts.push(match rng.below(10) {
        0 => Act::Panic("scripted".to_owned()),
        1 | 2 => Act::Fail {
            error: "scripted".to_owned(),
            retryable: true,
        },
        3 => Act::Fail {
            error: "scripted".to_owned(),
            retryable: false,
        },
        4 => Act::UntilCancelled,
        _ => Act::Succeed("done".to_owned()),
    });
    acts.into_iter().collect()
}
