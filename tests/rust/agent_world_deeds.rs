//! What is done to the agents of a simulated world.

use std::time::Duration;

use agent_orchestrator::runtime::Runtime;
use agent_orchestrator::sim::Rng;
use agent_orchestrator::{
    AgentOptions, AgentStatus, Backoff, OrchestratedHandle, Overflow, RestartType, Strategy,
};
use futures::FutureExt;

use super::agent_world::{Spec, World};
use super::agent_world_actor::send;

/// How many agents there are at most.
const NAMES: u64 = 10;

/// How somebody waits for the end of an agent.
#[derive(Clone, Copy)]
pub(super) enum End {
    /// It answers what it has, and takes no more.
    Drain,
    Stop,
    Any,
}

impl World {
    pub(super) fn add(&mut self) {
        if self.specs.len() as u64 >= NAMES {
            // One that was removed, or is not attached.
            let Some(spec) = self.rng.pick(&self.specs).cloned() else {
                return;
            };
            return self.attach(&spec);
        }
        self.made += 1;
        let kind = if self.rng.percent(20) { "u" } else { "a" };
        let shallow = |spec: &&Spec| self.depth(spec) < 4;
        let parents: Vec<String> = self
            .specs
            .iter()
            .filter(shallow)
            .map(|spec| spec.name.clone())
            .collect();
        let parent = self.rng.pick(&parents).cloned();
        let parent = parent.filter(|_| self.rng.percent(75));
        let spec = Spec {
            name: format!("{kind}{}", self.made),
            parent,
            luck: self.rng.next_u64(),
        };
        self.attach(&spec);
        self.specs.push(spec);
    }

    pub(super) fn depth(&self, spec: &Spec) -> usize {
        let above = spec
            .parent
            .as_ref()
            .and_then(|name| self.specs.iter().find(|spec| spec.name == *name));
        above.map_or(1, |above| 1 + self.depth(above))
    }

    pub(super) fn attach(&mut self, spec: &Spec) {
        let Some(life) = &self.life else { return };
        // What counts restarts stays as it is; the rest may change with the process.
        let (mut rng, mut other) = (Rng::new(spec.luck), Rng::new(spec.luck ^ life.cast.life));
        let strategy = [Strategy::OneForOne, Strategy::OneForAll, Strategy::RestForOne];
        let restart = [
            RestartType::Transient,
            RestartType::Permanent,
            RestartType::Temporary,
        ];
        let overflow = [Overflow::Wait, Overflow::Refuse, Overflow::DropOldest][rng.below(3) as usize];
        let backoff = Backoff {
            delay: [0, 50, 400][rng.below(3) as usize],
            max_delay: 1000,
            jitter: if rng.percent(50) { 0 } else { 500 },
            ..Backoff::default()
        };
        let mut options = AgentOptions::new()
            .strategy(strategy[rng.below(3) as usize])
            .restart(restart[[0, 0, 1, 2][rng.below(4) as usize]])
            .backoff(backoff)
            .overflow(overflow)
            .record_messages(!spec.name.starts_with('u'));
        if rng.percent(60) {
            options = options.max_restarts(rng.below(5) as u32);
        }
        if rng.percent(40) {
            options = options.restart_window(Duration::from_millis(1 + rng.below(5000)));
        }
        if rng.percent(20) {
            options = options.supervisor(life.cast.policy(&spec.name));
        }
        options = options.grace(Duration::from_millis([0, 20, 500, 3000][other.below(4) as usize]));
        if other.percent(70) {
            options = options.inbox_capacity(1 + other.below(4) as u32);
        }
        if other.percent(50) {
            options = options.message_timeout(Duration::from_millis(1 + other.below(2500)));
        }
        if other.percent(50) {
            options = options.retry_message(other.below(4) as u32);
        }
        if let Some(parent) = &spec.parent {
            options = options.parent(parent);
        }
        self.watch.see().overflow.insert(spec.name.clone(), overflow);
        // Refused when it is there, when its parent is not, or when the journal has failed.
        let _ = life
            .orchestrator
            .add_agent_with(&spec.name, options, life.cast.factory(&spec.name));
    }

    pub(super) fn spawn(&self, name: &str) {
        // Refused where it makes no sense.
        let _ = self.all().spawn(name);
    }

    pub(super) fn script(&mut self) -> String {
        let mut words = Vec::new();
        while self.rng.percent(35) && words.len() < 4 {
            words.push(match self.rng.below(12) {
                0..4 => "keep".to_owned(),
                4 => "stop".to_owned(),
                5 => format!(
                    "{}:{}",
                    ["tell", "ask", "halt", "spawn", "cancel"][self.rng.below(5) as usize],
                    self.name()
                ),
                _ => self.rng.below(2000).to_string(),
            });
        }
        const ENDS: [&str; 9] = [
            "flaky", "fail", "fatal", "network", "error", "panic", "hang", "deaf", "flaky",
        ];
        words.push(match self.rng.percent(60) {
            true => "reply".to_owned(),
            false => ENDS[self.rng.below(9) as usize].to_owned(),
        });
        words.join(" ")
    }

    pub(super) fn send(&mut self) {
        let script = self.script();
        let running =
            |handle: &OrchestratedHandle| !handle.is_done() && handle.status() != AgentStatus::Registered;
        let mut handle = self.handle();
        for _ in 0..4 {
            // Mostly to those that run.
            if handle.as_ref().is_some_and(running) {
                break;
            }
            handle = self.handle();
        }
        let Some(handle) = handle else { return };
        let tag = self.watch.tag(handle.name());
        let patience = self.rng.percent(8).then(|| 1 + self.rng.below(1500));
        // Whoever sent it notes what becomes of it.
        drop(send(&self.watch, &self.runtime, handle, tag, &script, patience));
    }

    /// Waits for the end of an agent, perhaps bringing it about.
    pub(super) fn wait_for(&self, handle: OrchestratedHandle, how: End) {
        let watch = self.watch.clone();
        let number = watch.mourns(&handle);
        let mut asked = Box::pin(async move {
            match how {
                End::Drain => handle.await_result().await,
                End::Stop => handle.stop().await,
                End::Any => handle.ended().await,
            }
        });
        // Asked at once, so that it is this end that counts.
        if let Some(outcome) = asked.as_mut().now_or_never() {
            return watch.ended(number, &outcome);
        }
        self.runtime.spawn(Box::pin(async move {
            let outcome = asked.await;
            watch.ended(number, &outcome);
        }));
    }

    /// Lets one agent come and go, faster than a journal can follow.
    pub(super) fn churn(&mut self) {
        let Some(handle) = self.handle() else { return };
        for _ in 0..2 + self.rng.below(6) {
            match self.rng.below(5) {
                0 => handle.cancel(),
                1 | 2 => self.spawn(handle.name()),
                3 => self.wait_for(handle.clone(), End::Any),
                _ => self.wait_for(handle.clone(), End::Stop),
            }
        }
    }

    pub(super) fn remove(&mut self) {
        let (name, all) = (self.name(), self.all().clone());
        self.runtime.spawn(Box::pin(async move {
            // Refused while it runs.
            let _ = all.remove_agent(&name).await;
        }));
    }
}
