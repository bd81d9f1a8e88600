//! What supervised agents should do, told a second time and as plainly as can be: a list of agents, and after each step
//! rules that are tried on all of them, again and again, until none applies. It knows no queues of things to look at, no
//! journal and one clock, which does not jump. Restarts wait without chance.

use std::collections::BTreeMap;

use agent_orchestrator::ErrorCode;
use agent_orchestrator::kernel::{
    AgentEnd, AgentFailure, AgentStatus, DropReason, Overflow, RestartType, StopMode, Strategy,
    SupervisorAction,
};

/// An order to the host, as [`AgentEffect`](agent_orchestrator::kernel::AgentEffect) has it: agents and messages by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Order {
    Start(u32, u32),
    Prompt(u32, u32, u32),
    Settle(u32, u32, Option<&'static str>),
    Abort(u32, u32, u32),
    Halt(u32, u32),
    Discard(u32, u32),
    Consult(Option<u32>, u32, u32),
    Room(u32),
    Ended(u32),
}

/// The answer to a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Done,
    Nothing,
    Late,
    Full,
    Message(u32),
    Refused(ErrorCode),
}

/// What is said of an agent when it is added.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Traits {
    pub(crate) strategy: Strategy,
    pub(crate) restart: RestartType,
    pub(crate) max_restarts: u32,
    pub(crate) window: Option<u64>,
    /// The first wait before a restart; each is twice as long as the one before.
    pub(crate) delay: u64,
    pub(crate) max_delay: u64,
    pub(crate) grace: u64,
    pub(crate) inbox: usize,
    pub(crate) overflow: Overflow,
    pub(crate) timeout: Option<u64>,
    pub(crate) retry: u32,
    pub(crate) supervises: bool,
    pub(crate) recorded: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Registered,
    /// Not before then; and whether that was.
    Waiting(Option<u64>, bool),
    Starting,
    Running,
    /// It failed; somebody is to say what becomes of the agent with this number.
    Judged(u32),
    Ended(AgentEnd),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Aim {
    /// To begin anew, not before then.
    Anew(Option<u64>),
    End(AgentEnd),
}

#[derive(Clone, Debug)]
pub(crate) struct One {
    pub(crate) parent: Option<u32>,
    pub(crate) traits: Traits,
    pub(crate) stage: Stage,
    aim: Option<Aim>,
    pub(crate) attached: bool,
    closing: bool,
    pub(crate) incarnation: u32,
    pub(crate) restarts: u32,
    /// Starts since it was spawned.
    tries: u32,
    /// When it was restarted with no message answered since.
    unforgiven: u32,
    restarted: Vec<u64>,
    failure: Option<(AgentFailure, bool, Option<u32>)>,
    /// Each message with how often it was given to the agent.
    pub(crate) inbox: Vec<(u32, u32)>,
    last: u32,
    pub(crate) at: Option<u32>,
    told_to_go: bool,
    wants_to_end: bool,
    awaited: bool,
    over_time: Option<u64>,
    grace_ends: Option<u64>,
}

impl One {
    pub(crate) fn is_to_go(&self) -> bool {
        self.aim.is_some()
    }

    pub(crate) fn is_told_to_go(&self) -> bool {
        self.told_to_go
    }

    fn is_down(&self) -> bool {
        matches!(self.stage, Stage::Registered | Stage::Ended(_))
    }

    fn is_judged(&self) -> bool {
        matches!(self.stage, Stage::Judged(_))
    }

    /// Whether there is something of it at the host that works.
    fn works(&self) -> bool {
        matches!(self.stage, Stage::Starting | Stage::Running)
    }

    fn ends(&self) -> bool {
        matches!(self.aim, Some(Aim::End(_)))
    }

    fn has(&self, message: u32) -> bool {
        self.inbox.iter().any(|(known, _)| *known == message)
    }

    fn may_try_again(&self, message: u32) -> bool {
        let found = self.inbox.iter().find(|(known, _)| *known == message);
        found.is_some_and(|(_, deliveries)| *deliveries <= self.traits.retry)
    }

    /// The messages that wait: not the one that it is at, nor one at which it failed while that is judged.
    fn waiting(&self) -> Vec<u32> {
        let failed = self.failure.and_then(|failure| failure.2);
        let failed = failed.filter(|_| self.is_judged());
        let all = self.inbox.iter().map(|(message, _)| *message);
        all.filter(|message| Some(*message) != self.at && Some(*message) != failed)
            .collect()
    }

    /// Whether it will end, or fail, as soon as it is looked at.
    fn is_leaving(&self) -> bool {
        self.at.is_none() && (self.wants_to_end || self.closing && self.inbox.is_empty())
    }

    /// Whether those below it may run.
    fn is_open(&self) -> bool {
        self.stage == Stage::Running && self.aim.is_none() && !self.is_leaving()
    }

    fn comes_up(&self) -> bool {
        self.aim.is_none()
            && match self.stage {
                Stage::Waiting(due, rested) => self.attached && (due.is_none() || rested),
                Stage::Starting => true,
                _ => false,
            }
    }

    pub(crate) fn status(&self) -> AgentStatus {
        match self.stage {
            Stage::Registered => AgentStatus::Registered,
            Stage::Ended(AgentEnd::Completed) => AgentStatus::Completed,
            Stage::Ended(AgentEnd::Failed) => AgentStatus::Failed,
            Stage::Ended(AgentEnd::Cancelled) => AgentStatus::Cancelled,
            _ if self.ends() => AgentStatus::Stopping,
            _ if self.aim.is_some() || self.is_judged() => AgentStatus::Restarting,
            _ if self.closing => AgentStatus::Stopping,
            Stage::Running => AgentStatus::Running,
            // Before and during its first start since it was spawned.
            _ if self.tries > u32::from(self.stage == Stage::Starting) => AgentStatus::Restarting,
            _ => AgentStatus::Starting,
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    pub(crate) all: BTreeMap<u32, One>,
    pub(crate) now: u64,
    /// Whether there is a policy for the whole.
    consults: bool,
    pub(crate) letters: usize,
    pub(crate) orders: Vec<Order>,
    made: u32,
}

impl Model {
    pub(crate) fn new(now: u64, consults: bool) -> Self {
        Self {
            now,
            consults,
            ..Self::default()
        }
    }

    fn one(&mut self, key: u32) -> &mut One {
        self.all.get_mut(&key).unwrap()
    }

    fn order(&mut self, order: Order) {
        self.orders.push(order);
    }

    pub(crate) fn children(&self, key: u32) -> Vec<u32> {
        let below = self.all.iter().filter(|(_, one)| one.parent == Some(key));
        below.map(|(child, _)| *child).collect()
    }

    /// This one and all below it.
    fn tree(&self, key: u32) -> Vec<u32> {
        let mut all = vec![key];
        for child in self.children(key) {
            all.extend(self.tree(child));
        }
        all
    }

    // Commands.

    pub(crate) fn add(&mut self, parent: Option<u32>, traits: Traits) -> u32 {
        let key = self.made;
        self.made += 1;
        let one = One {
            parent,
            traits,
            stage: Stage::Registered,
            aim: None,
            attached: true,
            closing: false,
            incarnation: 0,
            restarts: 0,
            tries: 0,
            unforgiven: 0,
            restarted: Vec::new(),
            failure: None,
            inbox: Vec::new(),
            last: 0,
            at: None,
            told_to_go: false,
            wants_to_end: false,
            awaited: false,
            over_time: None,
            grace_ends: None,
        };
        self.all.insert(key, one);
        key
    }

    /// Its factory is there again.
    pub(crate) fn attach(&mut self, key: u32) {
        self.one(key).attached = true;
        self.calm();
    }

    pub(crate) fn remove(&mut self, key: u32) -> Answer {
        let tree = self.tree(key);
        if tree.iter().any(|key| !self.all[key].is_down()) {
            return Answer::Refused(ErrorCode::IllegalTransition);
        }
        self.all.retain(|key, _| !tree.contains(key));
        Answer::Done
    }

    pub(crate) fn spawn(&mut self, key: u32) -> Answer {
        let one = &self.all[&key];
        if !one.is_down() {
            return if one.ends() || one.closing {
                Answer::Refused(ErrorCode::AgentNotRunning)
            } else {
                Answer::Nothing
            };
        }
        if !one.attached {
            return Answer::Refused(ErrorCode::AgentNotFound);
        }
        if let Some(parent) = one.parent {
            let parent = &self.all[&parent];
            if parent.is_down() || parent.ends() {
                return Answer::Refused(ErrorCode::AgentNotRunning);
            }
        }
        self.spawn_tree(key);
        self.calm();
        Answer::Done
    }

    fn spawn_tree(&mut self, key: u32) {
        let one = self.one(key);
        if one.is_down() {
            if !one.attached {
                return;
            }
            one.stage = Stage::Waiting(None, false);
            (one.restarts, one.tries, one.unforgiven, one.closing) = (0, 0, 0, false);
            one.restarted.clear();
            one.failure = None;
        } else if one.ends() {
            return;
        }
        for child in self.children(key) {
            self.spawn_tree(child);
        }
    }

    pub(crate) fn send(&mut self, key: u32) -> Answer {
        let one = self.one(key);
        if one.is_down() || one.ends() || one.closing {
            return Answer::Refused(ErrorCode::AgentNotRunning);
        }
        if one.waiting().len() >= one.traits.inbox {
            match one.traits.overflow {
                Overflow::Wait => {
                    one.awaited = true;
                    return Answer::Full;
                }
                Overflow::Refuse => return Answer::Refused(ErrorCode::InboxFull),
                Overflow::DropOldest => {
                    let oldest = one.waiting()[0];
                    self.drop(key, oldest, DropReason::Overflow);
                }
            }
        }
        let one = self.one(key);
        one.last += 1;
        let message = one.last;
        one.inbox.push((message, 0));
        self.calm();
        Answer::Message(message)
    }

    pub(crate) fn withdraw(&mut self, key: u32, message: u32) -> Answer {
        if !self.all[&key].has(message) {
            return Answer::Nothing;
        }
        self.drop(key, message, DropReason::Withdrawn);
        let one = self.one(key);
        if one.at == Some(message) {
            one.over_time = None;
            let incarnation = one.incarnation;
            self.order(Order::Abort(key, incarnation, message));
        }
        Answer::Done
    }

    fn is_late(&self, key: u32, incarnation: u32) -> bool {
        let one = &self.all[&key];
        incarnation != one.incarnation || !one.works()
    }

    pub(crate) fn ready(&mut self, key: u32, incarnation: u32) -> Answer {
        if self.is_late(key, incarnation) || self.all[&key].stage != Stage::Starting {
            return Answer::Late;
        }
        let one = self.one(key);
        one.stage = Stage::Running;
        one.over_time = None;
        self.calm();
        Answer::Done
    }

    /// Whether a report about a message counts; if not, the agent has time nevertheless.
    fn counts(&mut self, key: u32, incarnation: u32, message: u32) -> bool {
        let one = self.one(key);
        let at_it = incarnation == one.incarnation && one.at == Some(message);
        if at_it && one.works() && one.has(message) {
            return true;
        }
        if at_it {
            one.at = None;
        }
        self.calm();
        false
    }

    pub(crate) fn answer(&mut self, key: u32, incarnation: u32, message: u32) -> Answer {
        if !self.counts(key, incarnation, message) {
            return Answer::Late;
        }
        let one = self.one(key);
        one.inbox.retain(|(known, _)| *known != message);
        (one.at, one.over_time, one.unforgiven) = (None, None, 0);
        self.order(Order::Settle(key, message, None));
        self.calm();
        Answer::Done
    }

    pub(crate) fn fail(
        &mut self,
        key: u32,
        incarnation: u32,
        message: Option<u32>,
        retryable: bool,
    ) -> Answer {
        let (counts, failure) = match message {
            Some(message) => (self.counts(key, incarnation, message), AgentFailure::Message),
            None => (
                !self.is_late(key, incarnation) && self.all[&key].stage == Stage::Starting,
                AgentFailure::Factory,
            ),
        };
        if !counts {
            return Answer::Late;
        }
        self.failed(key, failure, retryable, message);
        self.calm();
        Answer::Done
    }

    pub(crate) fn decide(
        &mut self,
        origin: u32,
        incarnation: u32,
        about: u32,
        action: SupervisorAction,
    ) -> Answer {
        let one = &self.all[&origin];
        let asked = one.stage == Stage::Judged(about) && one.aim.is_none();
        if !asked || one.incarnation != incarnation {
            return Answer::Late;
        }
        self.follow(origin, about, action);
        self.calm();
        Answer::Done
    }

    pub(crate) fn halted(&mut self, key: u32, incarnation: u32) -> Answer {
        if self.is_late(key, incarnation) || !self.all[&key].told_to_go {
            return Answer::Late;
        }
        self.gone(key, false);
        self.calm();
        Answer::Done
    }

    pub(crate) fn quit(&mut self, key: u32, incarnation: u32) -> Answer {
        if self.is_late(key, incarnation) {
            return Answer::Late;
        }
        self.one(key).wants_to_end = true;
        self.calm();
        Answer::Done
    }

    pub(crate) fn stop(&mut self, key: u32, mode: StopMode) -> Answer {
        let one = self.one(key);
        let called_off = one.aim == Some(Aim::End(AgentEnd::Cancelled));
        if one.is_down() || called_off || one.ends() && mode != StopMode::Cancel {
            return Answer::Nothing;
        }
        match mode {
            StopMode::Drain if one.closing => return Answer::Nothing,
            StopMode::Drain => one.closing = true,
            StopMode::Stop => self.end_tree(key, AgentEnd::Completed),
            StopMode::Cancel => self.end_tree(key, AgentEnd::Cancelled),
        }
        self.calm();
        Answer::Done
    }

    // Failures.

    fn failed(&mut self, key: u32, failure: AgentFailure, retryable: bool, message: Option<u32>) {
        let one = self.one(key);
        one.over_time = None;
        one.failure = Some((failure, retryable, message));
        let over_time = failure == AgentFailure::Timeout;
        let (incarnation, aim, stage) = (one.incarnation, one.aim, one.stage);
        if !over_time {
            one.at = None;
        }
        if let Some(message) = message.filter(|_| over_time) {
            self.order(Order::Abort(key, incarnation, message));
        }
        let Some(aim) = aim else {
            self.one(key).stage = Stage::Judged(key);
            return self.judge(key, key);
        };
        if let Some(message) = message {
            let again = !over_time && matches!(aim, Aim::Anew(_)) && self.all[&key].may_try_again(message);
            if !again {
                self.give_up(key, message);
            }
        }
        if stage == Stage::Starting {
            self.gone(key, false);
        }
    }

    /// Asks whose business it is, or does what is usual.
    fn judge(&mut self, origin: u32, about: u32) {
        let mut above = self.all[&about].parent;
        while let Some(key) = above.filter(|key| !self.all[key].traits.supervises) {
            above = self.all[&key].parent;
        }
        if above.is_some() || self.consults {
            return self.order(Order::Consult(above, about, origin));
        }
        let retryable = self.all[&origin].failure.is_some_and(|failure| failure.1);
        let action = if retryable {
            SupervisorAction::Restart
        } else {
            SupervisorAction::Stop
        };
        self.follow(origin, about, action);
    }

    fn follow(&mut self, origin: u32, about: u32, action: SupervisorAction) {
        let factory = matches!(self.all[&origin].failure, Some((AgentFailure::Factory, ..)));
        let temporary = self.all[&about].traits.restart == RestartType::Temporary;
        match action {
            SupervisorAction::Escalate => self.escalate(origin, about),
            SupervisorAction::Stop => self.fail_tree(origin, about),
            SupervisorAction::Resume if !factory => {
                self.give_up_failed(origin);
                self.one(origin).stage = Stage::Running;
            }
            _ if temporary => self.fail_tree(origin, about),
            _ => self.restart(origin, about),
        }
    }

    fn give_up_failed(&mut self, key: u32) {
        if let Some((_, _, Some(message))) = self.all[&key].failure {
            self.give_up(key, message);
        }
    }

    fn fail_tree(&mut self, origin: u32, about: u32) {
        self.give_up_failed(origin);
        for key in self.tree(about) {
            let failed = key == about || self.all[&key].is_judged();
            self.leave(
                key,
                Aim::End(if failed {
                    AgentEnd::Failed
                } else {
                    AgentEnd::Cancelled
                }),
            );
        }
    }

    fn escalate(&mut self, origin: u32, about: u32) {
        match self.all[&about].parent {
            Some(parent) => {
                self.one(origin).stage = Stage::Judged(parent);
                self.judge(origin, parent);
            }
            None => self.fail_tree(origin, about),
        }
    }

    fn restart(&mut self, origin: u32, about: u32) {
        let one = &self.all[&about];
        let traits = one.traits;
        let spent = match traits.window {
            None => one.unforgiven,
            Some(window) => {
                let within = |when: &&u64| **when + window > self.now;
                one.restarted.iter().filter(within).count() as u32
            }
        };
        if spent >= traits.max_restarts {
            return self.escalate(origin, about);
        }
        let wait = (traits.delay << spent.min(20)).min(traits.max_delay);
        if let Some((_, _, Some(message))) = self.all[&origin].failure
            && !self.all[&origin].may_try_again(message)
        {
            self.give_up(origin, message);
        }
        let (now, parent) = (self.now, self.all[&about].parent);
        let one = self.one(about);
        one.restarts += 1;
        one.unforgiven += 1;
        one.restarted.push(now);
        let strategy = parent.map_or(Strategy::OneForOne, |parent| self.all[&parent].traits.strategy);
        let siblings = parent.map_or(vec![about], |parent| self.children(parent));
        for sibling in siblings {
            let with = match strategy {
                Strategy::OneForOne => sibling == about,
                Strategy::OneForAll => true,
                Strategy::RestForOne => sibling >= about,
            };
            if !with {
                continue;
            }
            if sibling != about && self.all[&sibling].traits.restart == RestartType::Temporary {
                self.end_tree(sibling, AgentEnd::Cancelled);
                continue;
            }
            for key in self.tree(sibling) {
                let due = (key == sibling).then_some(now + wait);
                self.leave(key, Aim::Anew(due));
            }
        }
    }

    // Ends.

    fn end_tree(&mut self, key: u32, end: AgentEnd) {
        for key in self.tree(key) {
            self.leave(key, Aim::End(end));
        }
    }

    fn leave(&mut self, key: u32, aim: Aim) {
        let one = self.one(key);
        if one.is_down() {
            return;
        }
        let pending = match (one.aim, one.stage) {
            (Some(Aim::Anew(due)), _) | (None, Stage::Waiting(due, _)) => due,
            _ => None,
        };
        let aim = match (one.aim, aim) {
            (Some(Aim::End(AgentEnd::Completed)), Aim::End(AgentEnd::Cancelled)) => aim,
            (Some(Aim::End(_)), Aim::End(AgentEnd::Cancelled)) => {
                return self.empty(key, AgentEnd::Cancelled);
            }
            (Some(Aim::End(_)), _) => return,
            (_, Aim::Anew(due)) => Aim::Anew(due.map(|due| due.max(pending.unwrap_or(0)))),
            _ => aim,
        };
        one.aim = Some(aim);
        if let Aim::End(end) = aim {
            if one.is_judged() {
                self.give_up_failed(key);
            }
            self.empty(key, end);
        }
    }

    fn gone(&mut self, key: u32, overdue: bool) {
        let now = self.now;
        let one = self.one(key);
        let (aim, incarnation, judged, held) =
            (one.aim.take(), one.incarnation, one.is_judged(), one.at.take());
        (one.told_to_go, one.wants_to_end) = (false, false);
        (one.over_time, one.grace_ends) = (None, None);
        if overdue || judged {
            self.order(Order::Discard(key, incarnation));
        }
        match aim.unwrap() {
            Aim::Anew(due) => {
                if let Some((_, _, Some(message))) = self.all[&key].failure
                    && judged
                    && !self.all[&key].may_try_again(message)
                {
                    self.give_up(key, message);
                }
                if let Some(held) = held.filter(|held| !self.all[&key].may_try_again(*held)) {
                    self.drop(key, held, DropReason::Restarted);
                }
                self.one(key).stage = Stage::Waiting(due, due.is_some_and(|due| due <= now));
            }
            Aim::End(end) => {
                self.empty(key, end);
                let one = self.one(key);
                one.stage = Stage::Ended(end);
                one.closing = false;
                self.order(Order::Ended(key));
            }
        }
    }

    // Messages that end without a reply.

    fn give_up(&mut self, key: u32, message: u32) {
        let one = &self.all[&key];
        if !one.has(message) {
            return;
        }
        self.letters += usize::from(one.traits.retry > 0 || one.traits.recorded);
        let timeout = matches!(one.failure, Some((AgentFailure::Timeout, ..)));
        let why = if timeout {
            DropReason::Timeout
        } else {
            DropReason::Failed
        };
        self.drop(key, message, why);
    }

    fn drop(&mut self, key: u32, message: u32, why: DropReason) {
        if !self.all[&key].has(message) {
            return;
        }
        self.one(key).inbox.retain(|(known, _)| *known != message);
        self.order(Order::Settle(key, message, Some(why.as_str())));
        self.make_room(key);
    }

    fn make_room(&mut self, key: u32) {
        let one = self.one(key);
        if one.awaited && one.waiting().len() < one.traits.inbox {
            one.awaited = false;
            self.order(Order::Room(key));
        }
    }

    /// All go; the one that the agent is at only if it is called off.
    fn empty(&mut self, key: u32, end: AgentEnd) {
        let one = self.one(key);
        let (at, incarnation, awaited) = (one.at, one.incarnation, one.awaited);
        one.awaited = false;
        let why = match end {
            AgentEnd::Cancelled => DropReason::Cancelled,
            _ => DropReason::Stopped,
        };
        for (message, _) in one.inbox.clone() {
            if at != Some(message) {
                self.drop(key, message, why);
            } else if end == AgentEnd::Cancelled {
                self.drop(key, message, why);
                self.one(key).over_time = None;
                self.order(Order::Abort(key, incarnation, message));
            }
        }
        if awaited {
            self.order(Order::Room(key));
        }
    }

    // Rules.

    /// Tries all rules until none applies.
    fn calm(&mut self) {
        loop {
            let keys: Vec<u32> = self.all.keys().copied().collect();
            if keys.iter().any(|key| self.goes_down(*key))
                || keys.iter().any(|key| self.starts(*key))
                || keys.iter().any(|key| self.has_time(*key))
            {
                continue;
            }
            return;
        }
    }

    /// Whether the children of this one go and come one after the other.
    fn is_in_order(&self, parent: u32) -> bool {
        let parent = &self.all[&parent];
        parent.traits.strategy != Strategy::OneForOne || parent.aim.is_some()
    }

    fn is_leaving(&self, key: u32) -> bool {
        self.all[&key].aim.is_some()
    }

    /// First those below it, then those beside it that were added later.
    fn goes_down(&mut self, key: u32) -> bool {
        let one = &self.all[&key];
        if one.aim.is_none() || one.told_to_go {
            return false;
        }
        if self.children(key).into_iter().any(|child| self.is_leaving(child)) {
            return false;
        }
        if let Some(parent) = one.parent.filter(|parent| self.is_in_order(*parent)) {
            let later = self.children(parent).into_iter().filter(|sibling| *sibling > key);
            if later.into_iter().any(|sibling| self.is_leaving(sibling)) {
                return false;
            }
        }
        if one.works() {
            let (incarnation, grace) = (one.incarnation, one.traits.grace);
            let end = self.now + grace;
            let one = self.one(key);
            (one.told_to_go, one.grace_ends) = (true, Some(end));
            self.order(Order::Halt(key, incarnation));
        } else {
            self.gone(key, false);
        }
        true
    }

    /// First the one above it, then those beside it that were added before.
    fn starts(&mut self, key: u32) -> bool {
        let one = &self.all[&key];
        if !one.comes_up() || one.stage == Stage::Starting {
            return false;
        }
        if let Some(parent) = one.parent {
            let siblings = self.children(parent);
            let earlier = |sibling: &u32| *sibling < key && self.all[sibling].comes_up();
            if !self.all[&parent].is_open()
                || siblings.iter().any(earlier)
                || self.is_in_order(parent) && siblings.iter().any(|sibling| self.is_leaving(*sibling))
            {
                return false;
            }
        }
        for child in self.children(key) {
            let child = self.one(child);
            child.unforgiven = 0;
            child.restarted.clear();
        }
        let now = self.now;
        let one = self.one(key);
        one.stage = Stage::Starting;
        one.tries += 1;
        one.incarnation += 1;
        one.over_time = one.traits.timeout.map(|timeout| now + timeout);
        let incarnation = one.incarnation;
        self.order(Order::Start(key, incarnation));
        true
    }

    /// An agent that runs and is at no message gets the next one, or ends.
    fn has_time(&mut self, key: u32) -> bool {
        let now = self.now;
        let one = self.one(key);
        if one.stage != Stage::Running || one.aim.is_some() || one.at.is_some() {
            return false;
        }
        if std::mem::take(&mut one.wants_to_end) {
            if one.traits.restart == RestartType::Permanent {
                self.failed(key, AgentFailure::Exit, true, None);
            } else {
                self.end_tree(key, AgentEnd::Completed);
            }
            return true;
        }
        let most = 16 + one.traits.retry;
        if let Some((message, deliveries)) = one.inbox.first_mut() {
            let message = *message;
            if *deliveries >= most {
                self.letters += 1;
                self.drop(key, message, DropReason::Poisoned);
                return true;
            }
            *deliveries += 1;
            one.at = Some(message);
            one.over_time = one.traits.timeout.map(|timeout| now + timeout);
            let incarnation = one.incarnation;
            self.order(Order::Prompt(key, incarnation, message));
            self.make_room(key);
            return true;
        }
        if one.closing {
            self.end_tree(key, AgentEnd::Completed);
            return true;
        }
        false
    }

    // Time.

    /// What is due first: when, for whom, and what.
    fn first_due(&self) -> Option<(u64, u32, u8)> {
        let due = |(key, one): (&u32, &One)| {
            let wait = match (one.aim, one.stage) {
                (None, Stage::Waiting(due, false)) => due,
                _ => None,
            };
            let all = [wait, one.grace_ends, one.over_time];
            let key = *key;
            (0..)
                .zip(all)
                .filter_map(move |(what, due)| Some((due?, key, what)))
                .min()
        };
        self.all.iter().filter_map(due).min()
    }

    /// For how long nothing is due.
    pub(crate) fn wait(&self) -> Option<u64> {
        self.first_due().map(|(due, ..)| due.saturating_sub(self.now))
    }

    /// Does what is due.
    pub(crate) fn time_out(&mut self) {
        while let Some((due, key, what)) = self.first_due().filter(|(due, ..)| *due <= self.now) {
            let one = self.one(key);
            match (what, one.stage) {
                (0, _) => one.stage = Stage::Waiting(Some(due), true),
                (1, _) => self.gone(key, true),
                (_, Stage::Starting) => {
                    one.over_time = None;
                    // One that is to go anyhow has its grace.
                    if one.aim.is_none() {
                        self.failed(key, AgentFailure::Factory, true, None);
                    }
                }
                _ => {
                    one.over_time = None;
                    let at = one.at;
                    self.failed(key, AgentFailure::Timeout, true, at);
                }
            }
            self.calm();
        }
    }

    /// The process ended and began anew: what is not in the journal is gone, and so are all agents and their factories.
    pub(crate) fn crash(&mut self) {
        let keys: Vec<u32> = self.all.keys().copied().collect();
        for key in keys {
            let one = self.one(key);
            one.attached = false;
            one.at = None;
            (one.told_to_go, one.wants_to_end, one.awaited) = (false, false, false);
            (one.over_time, one.grace_ends) = (None, None);
            if !one.traits.recorded {
                one.inbox.clear();
                one.last = 0;
            }
            let again = matches!(one.failure, Some((_, _, Some(message))) if one.may_try_again(message));
            if one.is_judged() && (one.ends() || !again) {
                self.give_up_failed(key);
            }
            let one = self.one(key);
            match (one.aim.take(), one.stage) {
                (Some(Aim::End(end)), _) => {
                    self.empty(key, end);
                    let one = self.one(key);
                    one.stage = Stage::Ended(end);
                    one.closing = false;
                }
                (_, Stage::Registered | Stage::Ended(_)) => {}
                (Some(Aim::Anew(due)), _) | (None, Stage::Waiting(due, _)) => {
                    one.stage = Stage::Waiting(due, false);
                }
                _ => one.stage = Stage::Waiting(None, false),
            }
        }
    }
}
