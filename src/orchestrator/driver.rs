//! Makes the kernel's effects happen: one owner, behind a lock that is never held while foreign code runs.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::task::Waker;
use std::time::Duration;

use futures::FutureExt;
use futures::channel::oneshot;
use futures::future::{Either, select};
use tokio::sync::watch;

use super::context::{ProviderTaskExecutionContext, Signal, cancelled};
use super::engine::Engine;
use super::provider::AgentProvider;
use super::run::TaskOutcome;
use super::subscription::{EventFilter, EventStream, Feed};
use super::task::{OrchestratedTask, TaskResult};
use crate::kernel::{
    Attempt, Command, Effect, Ending, ErrorCode, Kernel, OrchestratorError, ProviderKey, Reply, Result,
    TaskKey,
};
use crate::runtime::Runtime;

/// A handle to the owner of a kernel. Clones are the same owner.
#[derive(Clone)]
pub(crate) struct Driver {
    shared: Arc<Shared>,
}

struct Shared {
    runtime: Arc<dyn Runtime>,
    grace: Duration,
    owned: Mutex<Owned>,
}

/// All that is behind the lock.
pub(super) struct Owned {
    pub(super) engine: Engine,
    pub(super) feed: Feed,
    providers: BTreeMap<ProviderKey, Arc<dyn AgentProvider>>,
    /// The attempts that count, to tell their providers what becomes of them.
    signals: BTreeMap<TaskKey, (Attempt, watch::Sender<Signal>)>,
    waiters: BTreeMap<TaskKey, Vec<oneshot::Sender<Result<TaskOutcome>>>>,
    disposed: bool,
}

/// What is left to do once the lock is released.
enum Deed {
    Run {
        task: TaskKey,
        attempt: Attempt,
        provider: Arc<dyn AgentProvider>,
        signal: watch::Receiver<Signal>,
    },
    Settle(Vec<oneshot::Sender<Result<TaskOutcome>>>, Result<TaskOutcome>),
    Wake(Vec<Waker>),
}

impl Driver {
    pub(super) fn new(engine: Engine, runtime: Arc<dyn Runtime>, grace: Duration) -> Self {
        let feed = Feed::new(&engine);
        let owned = Owned {
            engine,
            feed,
            providers: BTreeMap::new(),
            signals: BTreeMap::new(),
            waiters: BTreeMap::new(),
            disposed: false,
        };
        Self {
            shared: Arc::new(Shared {
                runtime,
                grace,
                owned: Mutex::new(owned),
            }),
        }
    }

    pub(super) fn runtime(&self) -> &Arc<dyn Runtime> {
        &self.shared.runtime
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
        let now = self.shared.runtime.now();
        let (reply, deeds) = {
            let mut owned = self.lock()?;
            let reply = change(&mut owned, now);
            (reply, owned.follow_up())
        };
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
            Ok(owned.providers.remove(&key))
        })?;
        Ok(())
    }

    /// Told when the task next ends.
    pub(super) fn wait(owned: &mut Owned, task: TaskKey) -> oneshot::Receiver<Result<TaskOutcome>> {
        let (sender, receiver) = oneshot::channel();
        owned.waiters.entry(task).or_default().push(sender);
        receiver
    }

    /// Events for one who listens.
    pub(super) fn events(&self, filter: EventFilter) -> Result<EventStream> {
        let weak = self.downgrade();
        self.read(|owned| {
            let Owned { feed, engine, .. } = owned;
            feed.add(engine, filter, weak)
        })
    }

    /// Ends everything: providers are told, and whoever waits gets `DISPOSED`.
    pub(super) fn dispose(&self) {
        let Ok(mut owned) = self.lock() else { return };
        owned.disposed = true;
        let waiters = std::mem::take(&mut owned.waiters);
        let signals = std::mem::take(&mut owned.signals);
        // A provider may hold a handle to its orchestrator: neither would ever be freed.
        let providers = std::mem::take(&mut owned.providers);
        let feed = owned.feed.close();
        drop(owned);
        drop(providers);
        for (_, signal) in signals.into_values() {
            signal.send_modify(|signal| signal.cancelled = true);
        }
        for waiter in waiters.into_values().flatten() {
            // Nobody may be waiting any more.
            let _ = waiter.send(Err(disposed()));
        }
        for waker in feed {
            waker.wake();
        }
    }

    pub(super) fn downgrade(&self) -> WeakDriver {
        WeakDriver(Arc::downgrade(&self.shared))
    }

    fn lock(&self) -> Result<MutexGuard<'_, Owned>> {
        let owned = self.shared.owned.lock().map_err(|_| {
            OrchestratorError::new(
                ErrorCode::Poisoned,
                "the core stopped at a bug and cannot go on; open a new orchestrator",
            )
        })?;
        if owned.disposed {
            Err(disposed())
        } else {
            Ok(owned)
        }
    }

    fn carry_out(&self, deed: Deed) {
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
            Deed::Settle(waiters, outcome) => {
                for waiter in waiters {
                    // Nobody may be waiting any more.
                    let _ = waiter.send(outcome.clone());
                }
            }
        }
    }

    /// One attempt, from the call of its provider to the report of its end.
    async fn run(
        self,
        task: TaskKey,
        attempt: Attempt,
        provider: Arc<dyn AgentProvider>,
        signal: watch::Receiver<Signal>,
    ) {
        let Ok(Some(snapshot)) = self.read(|owned| OrchestratedTask::of(owned.engine.kernel(), task)) else {
            return;
        };
        if signal.borrow().cancelled {
            return;
        }
        let ctx = ProviderTaskExecutionContext::new(self.clone(), task, attempt, &snapshot, signal.clone());
        // The call itself may panic, too: not every provider is made by the macro.
        let work = async { provider.execute_task(&snapshot, &ctx).await };
        let work = std::pin::pin!(AssertUnwindSafe(work).catch_unwind());
        let runtime = self.shared.runtime.clone();
        let grace = self.shared.grace;
        let patience = std::pin::pin!(async move {
            cancelled(signal).await;
            runtime.sleep(grace).await;
        });
        // Dropped where it stands when it outlives the grace period.
        let Either::Left((answer, _)) = select(work, patience).await else {
            return;
        };
        // Refused when the task is deleted or all is disposed of: then nobody is left who wants to know.
        let _ = match answer {
            Ok(result) => self.finish(task, attempt, &result),
            Err(panic) => {
                let error = format!("the provider panicked: {}", panic_message(&*panic));
                self.command(Command::Finish {
                    task,
                    attempt,
                    ending: Ending::Error {
                        error: &error,
                        retryable: true,
                    },
                })
            }
        };
    }

    fn finish(&self, task: TaskKey, attempt: Attempt, result: &TaskResult) -> Result<Reply> {
        let TaskResult {
            success,
            ref summary,
            ref error,
            retryable,
            ..
        } = *result;
        match result.detail() {
            Ok(detail) => {
                let ending = Ending::Result {
                    success,
                    summary,
                    error: error.as_deref(),
                    detail: &detail,
                    retryable: retryable != Some(false),
                };
                self.command(Command::Finish {
                    task,
                    attempt,
                    ending,
                })
            }
            // The attempt is over, whatever it has to say.
            Err(refusal) => self.command(Command::Finish {
                task,
                attempt,
                ending: Ending::Error {
                    error: refusal.message(),
                    retryable: false,
                },
            }),
        }
    }
}

impl Owned {
    /// Takes the kernel's orders: tells providers and subscribers, and lists what must wait for the lock's release.
    fn follow_up(&mut self) -> Vec<Deed> {
        let mut deeds = Vec::new();
        while let Some(effect) = self.engine.poll_effect() {
            match effect {
                Effect::Run {
                    task,
                    attempt,
                    provider,
                } => {
                    // The kernel gives no orders for providers that are not registered.
                    let Some(provider) = self.providers.get(&provider).cloned() else {
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
                Effect::Settle { task, attempt } => {
                    self.signals.remove(&task);
                    if let Some(waiters) = self.waiters.remove(&task) {
                        deeds.push(Deed::Settle(
                            waiters,
                            Ok(outcome(self.engine.kernel(), task, attempt)),
                        ));
                    }
                }
            }
        }
        let woken = self.feed.publish(&self.engine);
        if !woken.is_empty() {
            deeds.push(Deed::Wake(woken));
        }
        deeds
    }

    fn signal(&mut self, task: TaskKey, attempt: Attempt, change: impl FnOnce(&mut Signal)) {
        if let Some((current, sender)) = self.signals.get(&task)
            && *current == attempt
        {
            sender.send_modify(change);
        }
    }
}

/// How the task stands, for those who waited for its end.
pub(super) fn outcome(kernel: &Kernel, key: TaskKey, attempt: Attempt) -> TaskOutcome {
    match OrchestratedTask::of(kernel, key) {
        Some(task) => TaskOutcome::of(task),
        None => TaskOutcome::deleted(kernel.task_id(key), attempt.get()),
    }
}

fn disposed() -> OrchestratorError {
    OrchestratorError::new(ErrorCode::Disposed, "the orchestrator is disposed of")
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("it gave no message")
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
