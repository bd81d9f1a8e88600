//! How the orchestrator of a simulated world is opened, dies and comes back.

use std::collections::BTreeMap;
use std::time::Duration;

use agent_orchestrator::journal::recover;
use agent_orchestrator::runtime::{Runtime, SimulatedRuntime};
use agent_orchestrator::sim::{SimulatedDisk, SimulatedJournal};
use agent_orchestrator::{AgentOrchestrator, AgentStatus, ErrorCode, Journal, Seq};

use super::agent_world::{Checked, Life, START, World};
use super::agent_world_actor::Cast;
use super::agent_world_watch::{Watched, unreadable};

impl World {
    /// Opens what is there; perhaps only after some losses of power, unless what a process that was killed has written
    /// may still be lost: that counts once it is opened.
    pub(super) fn open(&mut self, is_durable: bool) -> Checked {
        for tries in 0.. {
            self.runtime = SimulatedRuntime::shuffled(self.runtime.now(), self.rng.next_u64());
            self.look_back()?;
            let faulty = is_durable && tries < 2 && self.rng.below(100) < self.faults;
            if faulty {
                self.disk.cut_power_after(self.rng.below(12));
            }
            let Ok(journal) = SimulatedJournal::open(&self.runtime, &self.disk) else {
                self.stumble(faulty)?;
                continue;
            };
            let cast = Cast {
                watch: self.watch.clone(),
                runtime: self.runtime.clone(),
                seed: self.seed,
                life: self.watch.see().life,
                bad_starts: self.bad_starts,
            };
            let mut builder = AgentOrchestrator::builder()
                .runtime(self.runtime.clone())
                .journal(Watched {
                    inner: journal.clone(),
                    watch: self.watch.clone(),
                })
                .keep_history(self.history)
                .snapshot_bytes([0, 500, 4000][self.seed as usize % 3])
                .grace_period(Duration::from_millis(700));
            if self.seed.is_multiple_of(7) {
                builder = builder.max_unwritten_bytes(1500);
            }
            builder = match self.consults {
                0 => builder,
                1 => builder.with_supervisor(cast.policy("all")),
                _ => builder.with_max_restarts(2).with_channel_buffer(3),
            };
            match self.runtime.block_on(builder.build()) {
                Some(Ok(orchestrator)) => {
                    self.watch.see().orchestrator = Some(orchestrator.clone());
                    self.life = Some(Life {
                        journal,
                        orchestrator,
                        cast,
                        faulty,
                    });
                    self.begin()?;
                    return Ok(());
                }
                Some(Err(error)) if faulty && error.code() == ErrorCode::JournalFailed => {
                    self.stumble(faulty)?
                }
                other => {
                    return Err(format!(
                        "P11: it cannot be opened: {:?}",
                        other.map(|opened| opened.err())
                    ));
                }
            }
        }
        Ok(())
    }

    /// The power failed while it was opened.
    pub(super) fn stumble(&mut self, faulty: bool) -> Checked {
        if !faulty {
            return Err("P11: the files cannot be opened".to_owned());
        }
        self.runtime.halt();
        self.watch.see().forget();
        self.disk.crash(self.rng.next_u64());
        Ok(())
    }

    /// Gives agents their factories, most of them.
    pub(super) fn begin(&mut self) -> Checked {
        let calm = self.watch.see().calm;
        for spec in self.specs.clone() {
            if calm || self.rng.percent(93) {
                self.attach(&spec);
            }
        }
        // What opening recorded is to be written, too.
        let all = self.all().clone();
        self.runtime.spawn(Box::pin(async move {
            let _ = all.flush().await;
        }));
        self.compare_hash()
    }

    pub(super) fn compare_hash(&mut self) -> Checked {
        let Some((seq, hash)) = self.hash.clone().filter(|_| self.history) else {
            return Ok(());
        };
        match self.runtime.block_on(self.all().at(seq)) {
            Some(Ok(past)) if past.state_hash() != hash => {
                Err(format!("I2: the state at {seq} is another one than it was"))
            }
            _ => Ok(()),
        }
    }

    /// Holds what is on the disk against what was seen.
    pub(super) fn look_back(&mut self) -> Checked {
        let runtime = SimulatedRuntime::new(START, 1);
        // A copy of the files, so that looking changes nothing.
        let copy = SimulatedDisk::new(1);
        for (name, bytes) in self.disk.files() {
            copy.put(&name, Some(bytes));
        }
        let journal = SimulatedJournal::open(&runtime, &copy).map_err(|error| unreadable(&error))?;
        let loaded = runtime.block_on(journal.load(self.history));
        let frames = loaded
            .ok_or("P11: it never loads")?
            .map_err(|error| unreadable(&error))?
            .frames;
        let found = recover(frames.iter().map(Vec::as_slice)).map_err(|error| unreadable(&error))?;
        let mut seen = self.watch.see();
        let known = seen.ledger.seq;
        seen.ensure("P1", found.position() >= known, || {
            format!("{known} events were told, and {} are left", found.position())
        });
        let offered: BTreeMap<Seq, Vec<u8>> = std::mem::take(&mut seen.offered).into_iter().collect();
        self.done.lost += offered.range(found.position() + 1..).count() as u64;
        for (seq, record) in found.events_after(known) {
            let same = offered.get(&seq).is_some_and(|given| given == record);
            seen.ensure("P11", same, || format!("event {seq} was never written like this"));
            seen.durable(record);
        }
        seen.broken.clone().map_or(Ok(()), Err)
    }

    /// Ends the process where it stands. Gives whether its disk was told to fail.
    pub(super) fn stop(&mut self) -> bool {
        self.runtime.halt();
        let used = self.watch.see().orchestrator.take();
        let faulty = self.life.take().is_some_and(|life| life.faulty);
        drop(used);
        // What was dropped may have left something on the way out.
        self.runtime.halt();
        faulty
    }

    pub(super) fn die(&mut self, power: bool) -> Checked {
        let faulty = self.stop();
        let failed = self.watch.see().failed;
        self.done.failures += u64::from(failed);
        self.watch.see().forget();
        // After a call to the disk that failed, nobody knows what it holds.
        let lost = power || faulty || failed;
        if lost {
            self.done.crashes += 1;
            self.disk.crash(self.rng.next_u64());
        } else {
            self.done.kills += 1;
        }
        self.open(lost)
    }

    pub(super) fn dispose(&mut self) -> Checked {
        if self.watch.see().failed {
            return self.die(true);
        }
        self.watch.see().disposing = true;
        let all = self.all().clone();
        let mut over = Box::pin(async move { all.dispose().await });
        let mut done = self.runtime.block_on(over.as_mut()).is_some();
        for _ in 0..10 {
            if done {
                break;
            }
            self.pass(60_000);
            done = self.runtime.block_on(over.as_mut()).is_some();
        }
        drop(over);
        self.runtime.run_until_idle();
        self.done.disposals += 1;
        {
            let mut seen = self.watch.see();
            seen.ensure_nothing_left();
            seen.ensure("I8", done, || "it cannot be disposed of".to_owned());
        }
        self.check()?;
        for spec in &self.specs {
            let status = self.all().agent(&spec.name).map(|handle| handle.status());
            let over = status.is_none_or(|status| status.is_terminal() || status == AgentStatus::Registered);
            if !over {
                return Err(format!("I8: all is disposed of, and {} is {status:?}", spec.name));
            }
        }
        self.die(false)
    }
}
