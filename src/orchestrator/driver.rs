//! Makes the kernel's effects happen: one owner, behind a lock that is never held while foreign code runs.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::task::Waker;
use std::time::Duration;

use futures::channel::oneshot;
use tokio::sync::watch;

use super::agents::{Cells, Errand};
use super::alarm::Alarm;
use super::context::Signal;
use super::engine::Engine;
use super::keeper::Write;
use super::provider::AgentProvider;
use super::run::TaskOutcome;
use super::subscription::{EventFilter, EventStream, Feed};
use super::task::OrchestratedTask;
use super::writer::Durability;
use crate::journal::Journal;
use crate::kernel::{
    AgentKey, Attempt, Command, Effect, ErrorCode, Incarnation, Kernel, OrchestratorError, ProviderKey,
    Reply, Result, Seq, TaskKey,
};
use crate::runtime::Runtime;

/// A handle to the owner of a kernel. Clones are the same owner.
#[derive(Clone)]
pub(crate) struct Driver {
    shared: Arc<Shared>,
}

struct Shared {
    runtime: Arc<dyn Runtime>,
    journal: Option<Arc<dyn Journal>>,
    grace: Duration,
    owned: Mutex<Owned>,
}

/// All that is behind the lock.
pub(super) struct Owned {
    pub(super) engine: Engine,
    pub(super) feed: Feed,
    pub(super) agents: Cells,
    providers: BTreeMap<ProviderKey, Arc<dyn AgentProvider>>,
    /// Those that were unregistered, until that is durable: they may still have to be called for what was before.
    retired: Vec<(Seq, ProviderKey, Arc<dyn AgentProvider>)>,
    /// The attempts that count, to tell their providers what becomes of them.
    signals: BTreeMap<TaskKey, (Attempt, watch::Sender<Signal>)>,
    /// Who waits for the end of a task, each from an attempt on: the end of one before it is for others.
    waiters: BTreeMap<TaskKey, Vec<(Attempt, Waiter)>>,
    /// Of tasks that were begun again before the end of the last run was durable: who waits for that, and how it was.
    ended: BTreeMap<(TaskKey, Attempt), (Vec<Waiter>, TaskOutcome)>,
    pub(super) durability: Durability,
    pub(super) alarm: Alarm,
    disposed: bool,
}

/// Somebody who waits for the end of a task.
type Waiter = oneshot::Sender<Result<TaskOutcome>>;

/// What is left to do once the lock is released.
pub(super) enum Deed {
    Run {
        task: TaskKey,
        attempt: Attempt,
        provider: Arc<dyn AgentProvider>,
        signal: watch::Receiver<Signal>,
    },
    Settle(Vec<Waiter>, Box<Result<TaskOutcome>>),
    /// What they waited for is durable, or never will be.
    Assure(Vec<oneshot::Sender<Result<()>>>, Result<()>),
    Wake(Vec<Waker>),
    /// Dropped once the lock is released: that is foreign code, too.
    LetGo(Vec<(Seq, ProviderKey, Arc<dyn AgentProvider>)>),
    Write(Write),
    /// Look again after this time.
    Sleep(Duration, u64),
    Agent(Errand),
}

/// What is left to do, in order. Mostly there is one thing, and room for it is always there.
#[derive(Default)]
pub(super) struct Deeds {
    first: Option<Deed>,
    more: Vec<Deed>,
}

impl Deeds {
    pub(super) fn push(&mut self, deed: Deed) {
        if self.first.is_none() {
            self.first = Some(deed);
        } else {
            self.more.push(deed);
        }
    }
}

impl Extend<Deed> for Deeds {
    fn extend<I: IntoIterator<Item = Deed>>(&mut self, deeds: I) {
        deeds.into_iter().for_each(|deed| self.push(deed));
    }
}

impl IntoIterator for Deeds {
    type Item = Deed;
    type IntoIter = std::iter::Chain<std::option::IntoIter<Deed>, std::vec::IntoIter<Deed>>;

    fn into_iter(self) -> Self::IntoIter {
        self.first.into_iter().chain(self.more)
    }
}

impl Driver {
    pub(super) fn new(
        engine: Engine,
        agents: Cells,
        runtime: Arc<dyn Runtime>,
        journal: Option<Arc<dyn Journal>>,
        grace: Duration,
    ) -> Self {
        let feed = Feed::new(&engine);
        let owned = Owned {
            engine,
            feed,
            agents,
            providers: BTreeMap::new(),
            retired: Vec::new(),
            signals: BTreeMap::new(),
            waiters: BTreeMap::new(),
            ended: BTreeMap::new(),
            durability: Durability::default(),
            alarm: Alarm::new(&*runtime),
            disposed: false,
        };
        Self {
            shared: Arc::new(Shared {
                runtime,
                journal,
                grace,
                owned: Mutex::new(owned),
            }),
        }
    }

    pub(super) fn runtime(&self) -> &Arc<dyn Runtime> {
        &self.shared.runtime
    }

    pub(super) fn journal(&self) -> Option<&Arc<dyn Journal>> {
        self.shared.journal.as_ref()
    }

    pub(super) fn grace(&self) -> Duration {
        self.shared.grace
    }

    /// Looks at what is owned.
    pub(super) fn read<T>(&self, look: impl FnOnce(&mut Owned) -> T) -> Result<T> {
        Ok(look(&mut *self.lock()?))
    }

    /// Carries out one command and what follows from it.
    pub(crate) fn command(&self, command: Command<'_>) -> Result<Reply> {
        self.change(|owned, now| owned.engine.handle(now, command))
    }

    /// Changes what is owned, and carries out what follows once the lock is released.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Owned, u64) -> Result<T>) -> Result<T> {
        let mut owned = self.lock()?;
        let now = owned.look_at_clock(&*self.shared.runtime);
        self.carry_through(owned, now, change)
    }

    /// As [`change`](Self::change), for a message to or from an agent. Where nothing is written down of it, the time
    /// need not be known.
    pub(super) fn change_mail<T>(
        &self,
        agent: AgentKey,
        incarnation: Option<Incarnation>,
        change: impl FnOnce(&mut Owned, u64) -> Result<T>,
    ) -> Result<T> {
        let mut owned = self.lock()?;
        let now = if owned.is_timeless(agent, incarnation) {
            owned.engine.kernel().at()
        } else {
            owned.look_at_clock(&*self.shared.runtime)
        };
        self.carry_through(owned, now, change)
    }

    fn carry_through<T>(
        &self,
        mut owned: MutexGuard<'_, Owned>,
        now: u64,
        change: impl FnOnce(&mut Owned, u64) -> Result<T>,
    ) -> Result<T> {
        let reply = change(&mut owned, now);
        let mut deeds = owned.follow_up(self, now);
        deeds.extend(owned.engine.poll_write().map(Deed::Write));
        drop(owned);
        for deed in deeds {
            self.carry_out(deed);
        }
        reply
    }

    pub(super) fn register(&self, provider: Arc<dyn AgentProvider>, command: Command<'_>) -> Result<()> {
        // Dropped after the lock is released: that is foreign code, too.
        let _replaced = self.change(|owned, now| match owned.engine.handle(now, command)? {
            Reply::Provider(key) => Ok(owned.providers.insert(key, provider)),
            _ => Ok(None),
        })?;
        Ok(())
    }

    pub(super) fn unregister(&self, find: impl FnOnce(&Kernel) -> Result<ProviderKey>) -> Result<()> {
        let _removed = self.change(|owned, now| {
            let key = find(owned.engine.kernel())?;
            let _ = owned.engine.handle(now, Command::UnregisterProvider(key))?;
            let removed = owned.providers.remove(&key);
            let seq = owned.engine.kernel().seq();
            owned
                .retired
                .extend(removed.clone().map(|provider| (seq, key, provider)));
            Ok(removed)
        })?;
        Ok(())
    }

    /// Told when the task next ends.
    pub(super) fn wait(owned: &mut Owned, task: TaskKey) -> oneshot::Receiver<Result<TaskOutcome>> {
        let (sender, receiver) = oneshot::channel();
        let from = owned.engine.kernel().task(task);
        let from = from.map_or(Attempt::NONE, |task| task.attempt());
        owned.waiters.entry(task).or_default().push((from, sender));
        receiver
    }

    /// Keeps how a task ended for those who wait to be told, before it begins anew or is deleted.
    pub(super) fn keep_outcome(owned: &mut Owned, task: TaskKey) {
        let kernel = owned.engine.kernel();
        let Some(ended) = kernel.task(task).filter(|task| task.status().is_terminal()) else {
            return;
        };
        let attempt = ended.attempt();
        let outcome = outcome(kernel, task, attempt);
        if let Some(waiters) = owned.waiters.remove(&task) {
            owned.ended.insert((task, attempt), (apart(waiters), outcome));
        }
    }

    /// Events for one who listens.
    pub(crate) fn events(&self, filter: EventFilter) -> Result<EventStream> {
        let weak = self.downgrade();
        self.read(|owned| {
            let Owned { feed, engine, .. } = owned;
            feed.add(engine, filter, weak)
        })
    }

    /// Ends everything: providers are told, and whoever waits gets `DISPOSED`. What is not written yet is written.
    pub(super) fn dispose(&self) {
        let Ok(mut owned) = self.lock() else { return };
        owned.disposed = true;
        let ended = std::mem::take(&mut owned.ended).into_values();
        let waiters = std::mem::take(&mut owned.waiters).into_values().map(apart);
        let waiters = waiters.chain(ended.map(|(waiters, _)| waiters));
        let signals = std::mem::take(&mut owned.signals);
        // A provider may hold a handle to its orchestrator: neither would ever be freed.
        let providers = (
            std::mem::take(&mut owned.providers),
            std::mem::take(&mut owned.retired),
        );
        let mut deeds = owned.strand_agents(&disposed());
        let agents = owned.agents.let_go();
        let feed = owned.feed.close();
        owned.alarm.stop();
        owned.engine.close();
        deeds.extend(owned.engine.poll_write().map(Deed::Write));
        drop(owned);
        drop((providers, agents));
        for (_, signal) in signals.into_values() {
            signal.send_modify(|signal| signal.cancelled = true);
        }
        for waiter in waiters.flatten() {
            // Nobody may be waiting any more.
            let _ = waiter.send(Err(disposed()));
        }
        for waker in feed {
            waker.wake();
        }
        for deed in deeds {
            self.carry_out(deed);
        }
    }

    pub(super) fn downgrade(&self) -> WeakDriver {
        WeakDriver(Arc::downgrade(&self.shared))
    }

    pub(super) fn lock_always(&self) -> Result<MutexGuard<'_, Owned>> {
        self.shared.owned.lock().map_err(|_| {
            OrchestratorError::new(
                ErrorCode::Poisoned,
                "the core stopped at a bug and cannot go on; open a new orchestrator",
            )
        })
    }

    fn lock(&self) -> Result<MutexGuard<'_, Owned>> {
        let owned = self.lock_always()?;
        if owned.disposed {
            Err(disposed())
        } else {
            Ok(owned)
        }
    }

    pub(super) fn carry_out(&self, deed: Deed) {
        match deed {
            Deed::Run {
                task,
                attempt,
                provider,
                signal,
            } => {
                self.shared
                    .runtime
                    .spawn(Box::pin(self.clone().run(task, attempt, provider, signal)));
            }
            Deed::Wake(readers) => readers.into_iter().for_each(Waker::wake),
            Deed::Write(write) => self.shared.runtime.spawn(Box::pin(self.clone().write(write))),
            Deed::Agent(errand) => self.run_errand(errand),
            Deed::LetGo(providers) => drop(providers),
            Deed::Sleep(time, number) => self.set_alarm(time, number),
            Deed::Assure(waiting, result) => {
                for waiter in waiting {
                    // Nobody may be waiting any more.
                    let _ = waiter.send(result.clone());
                }
            }
            Deed::Settle(waiters, outcome) => {
                for waiter in waiters {
                    // Nobody may be waiting any more.
                    let _ = waiter.send((*outcome).clone());
                }
            }
        }
    }
}

impl Owned {
    /// Takes the kernel's orders: tells providers and subscribers, and lists what must wait for the lock's release.
    pub(super) fn follow_up(&mut self, driver: &Driver, now: u64) -> Deeds {
        let mut deeds = Deeds::default();
        self.assure(&mut deeds);
        if let Some(error) = self.engine.failure().cloned() {
            self.give_up(&error, &mut deeds);
        }
        while let Some(effect) = self.engine.poll_effect() {
            match effect {
                Effect::Run {
                    task,
                    attempt,
                    provider,
                } => {
                    let retired = || self.retired.iter().rev().find(|(_, key, _)| *key == provider);
                    let known = self.providers.get(&provider).or_else(|| Some(&retired()?.2));
                    // The kernel gives orders for providers that are registered, or were until a moment ago.
                    let Some(provider) = known.cloned() else {
                        continue;
                    };
                    let (sender, signal) = watch::channel(Signal::default());
                    self.signals.insert(task, (attempt, sender));
                    deeds.push(Deed::Run {
                        task,
                        attempt,
                        provider,
                        signal,
                    });
                }
                Effect::Abort { task, attempt } => {
                    self.signal(task, attempt, |signal| signal.cancelled = true)
                }
                Effect::Hold { task, attempt } => self.signal(task, attempt, |signal| signal.paused = true),
                Effect::Release { task, attempt } => {
                    self.signal(task, attempt, |signal| signal.paused = false)
                }
                Effect::Agent(effect) => self.agent_effect(driver, effect, now, &mut deeds),
                Effect::Settle { task, attempt } => {
                    self.signals.remove(&task);
                    if let Some((waiters, ended)) = self.ended.remove(&(task, attempt)) {
                        deeds.push(Deed::Settle(waiters, Box::new(Ok(ended))));
                    } else if let Some(waiters) = self.waiters_up_to(task, attempt) {
                        let ended = outcome(self.engine.kernel(), task, attempt);
                        deeds.push(Deed::Settle(waiters, Box::new(Ok(ended))));
                    }
                }
            }
        }
        if !self.retired.is_empty() {
            let durable = self.engine.durable();
            let (over, retired) = self.retired.drain(..).partition(|(seq, ..)| *seq <= durable);
            self.retired = retired;
            deeds.push(Deed::LetGo(over));
        }
        let woken = self.feed.publish(&self.engine);
        if !woken.is_empty() {
            deeds.push(Deed::Wake(woken));
        }
        if self.engine.has_timer() || self.alarm.is_set() {
            deeds.extend(self.wake_up(&**driver.runtime(), now));
        }
        deeds
    }

    /// Takes those who wait for the end of this attempt, and not of a later one.
    fn waiters_up_to(&mut self, task: TaskKey, attempt: Attempt) -> Option<Vec<Waiter>> {
        let (due, later): (Vec<_>, Vec<_>) = self
            .waiters
            .remove(&task)?
            .into_iter()
            .partition(|(from, _)| *from <= attempt);
        if !later.is_empty() {
            self.waiters.insert(task, later);
        }
        Some(apart(due)).filter(|due| !due.is_empty())
    }

    /// Nothing will be durable any more: providers are told to stop, and whoever waits is told why.
    fn give_up(&mut self, error: &OrchestratorError, deeds: &mut Deeds) {
        for (_, signal) in std::mem::take(&mut self.signals).into_values() {
            signal.send_modify(|signal| signal.cancelled = true);
        }
        let ended = std::mem::take(&mut self.ended).into_values();
        let waiters = std::mem::take(&mut self.waiters).into_values().map(apart);
        for waiters in waiters.chain(ended.map(|(waiters, _)| waiters)) {
            deeds.push(Deed::Settle(waiters, Box::new(Err(error.clone()))));
        }
        deeds.extend(self.strand_agents(error));
        let woken = self.feed.fail(&self.engine, error);
        if !woken.is_empty() {
            deeds.push(Deed::Wake(woken));
        }
    }

    fn signal(&mut self, task: TaskKey, attempt: Attempt, change: impl FnOnce(&mut Signal)) {
        if let Some((current, sender)) = self.signals.get(&task)
            && *current == attempt
        {
            sender.send_modify(change);
        }
    }
}

/// The waiters alone.
fn apart(waiters: Vec<(Attempt, Waiter)>) -> Vec<Waiter> {
    waiters.into_iter().map(|(_, waiter)| waiter).collect()
}

/// How the task stands, for those who waited for its end.
pub(super) fn outcome(kernel: &Kernel, key: TaskKey, attempt: Attempt) -> TaskOutcome {
    match OrchestratedTask::of(kernel, key) {
        Some(task) => TaskOutcome::of(task),
        None => TaskOutcome::deleted(kernel.task_id(key), attempt.get()),
    }
}

pub(super) fn disposed() -> OrchestratorError {
    OrchestratorError::new(ErrorCode::Disposed, "the orchestrator is disposed of")
}

/// A handle that does not keep the owner alive.
#[derive(Clone)]
pub(super) struct WeakDriver(Weak<Shared>);

impl WeakDriver {
    pub(super) fn upgrade(&self) -> Option<Driver> {
        self.0.upgrade().map(|shared| Driver { shared })
    }
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver")
            .field("grace", &self.shared.grace)
            .finish_non_exhaustive()
    }
}
