//! What a journal says of messages to agents, held against the rules.

use agent_orchestrator::kernel::{AgentFact, AgentFailure, Goal};
use agent_orchestrator::{DropReason, Overflow};

use super::agent_world_ledger::{Checked, Ledger, ensure};
use super::agent_world_one::{Fate, Mail, One, Stage};

/// As often as a process may end while an agent is at a message.
const CRASHES: u32 = 16;

impl Ledger {
    pub(super) fn mail_fact(&mut self, key: u32, fact: &AgentFact<'_>) -> Checked {
        let letter = self.letter.take();
        let one = self.agents.get_mut(&key).ok_or("there is no such agent")?;
        match *fact {
            AgentFact::Sent { message, payload } => {
                let tag = tag_of(payload);
                ensure(one.recorded() && one.is_up() && !one.closing, || {
                    format!("it takes none: {one:?}")
                })?;
                ensure(message.get() == one.last + 1, || {
                    format!("the last was {}", one.last)
                })?;
                ensure(
                    std::mem::take(&mut one.pushed) || one.waiting() < one.settings.inbox as usize,
                    || format!("its inbox is full: {one:?}"),
                )?;
                ensure(!self.refused.contains(&tag), || format!("{tag} was refused"))?;
                one.last = message.get();
                one.inbox.push_back(Mail {
                    message: message.get(),
                    deliveries: 0,
                    tag: tag.clone(),
                });
                self.told.messages += 1;
                let known = self.fates.insert(tag, Fate::Sent);
                ensure(known.is_none(), || "it was sent before".to_owned())
            }
            AgentFact::Prompted { message } => {
                ensure(one.runs() && one.alive && one.recorded(), || {
                    format!("it does not run: {one:?}")
                })?;
                ensure(one.busy.is_none() || one.overtime, || {
                    format!("it is at {:?}", one.busy)
                })?;
                let most = CRASHES + one.settings.retry_message;
                let first = one.inbox.front_mut().ok_or("its inbox is empty")?;
                ensure(first.message == message.get(), || {
                    format!("{} is before it", first.message)
                })?;
                ensure(first.deliveries < most, || {
                    format!("it was given to it {} times", first.deliveries)
                })?;
                first.deliveries += 1;
                self.told.deliveries += 1;
                self.told.again += u64::from(first.deliveries > 1);
                (one.busy, one.overtime) = (Some(message.get()), false);
                Ok(())
            }
            AgentFact::Answered { message, reply } => {
                let at_it = one.alive && one.stage == Stage::Running && one.busy == Some(message.get());
                ensure(at_it && !one.overtime, || format!("it is not at it: {one:?}"))?;
                let mail = one.take(message.get())?;
                let reply: String = serde_json::from_str(reply).map_err(|error| error.to_string())?;
                let mut words = reply.split(' ');
                let begins =
                    words.next() == Some(&mail.tag) && words.next() == Some(&one.incarnation.to_string());
                ensure(begins, || {
                    format!("{reply} is no answer to {} by {}", mail.tag, one.incarnation)
                })?;
                let kept = words.next();
                ensure(kept.is_none() || kept == one.kept.as_deref(), || {
                    format!("{:?} is kept, not {kept:?}", one.kept)
                })?;
                (one.busy, one.answered) = (None, true);
                self.told.replies += 1;
                self.fates.insert(mail.tag, Fate::Answered(reply));
                Ok(())
            }
            AgentFact::Dropped { message, why } => {
                self.told.drops[why as usize] += 1;
                if !one.recorded() {
                    return Ok(());
                }
                may_drop(one, message.get(), why)?;
                let buried = matches!(
                    why,
                    DropReason::Failed | DropReason::Timeout | DropReason::Poisoned
                );
                ensure(!buried || letter == Some((key, message.get())), || {
                    "there is no dead letter".to_owned()
                })?;
                let mail = one.take(message.get())?;
                one.pushed = why == DropReason::Overflow;
                one.given_up = why == DropReason::Failed
                    && one.goal.is_none()
                    && mail.deliveries <= one.settings.retry_message
                    && one.alive;
                self.fates.insert(mail.tag, Fate::Dropped(why));
                Ok(())
            }
            AgentFact::DeadLetter {
                message,
                payload,
                deliveries,
                ..
            } => {
                if one.recorded() {
                    let mail = one.mail(message.get())?;
                    ensure(
                        mail.deliveries == deliveries && mail.tag == tag_of(payload),
                        || format!("{mail:?}"),
                    )?;
                }
                self.letter = Some((key, message.get()));
                self.told.dead += 1;
                self.dead.push_back((one.name.clone(), message.get(), deliveries));
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

fn may_drop(one: &mut One, message: u32, why: DropReason) -> Checked {
    let overtime = one.overtime;
    let (failed, goal, busy, settings) = (one.failed, one.goal, one.busy, one.settings);
    let (waiting, held) = (one.waiting(), one.held());
    let oldest = one.inbox.iter().find(|mail| Some(mail.message) != held);
    let oldest = oldest.map(|mail| mail.message);
    let deliveries = one.mail(message)?.deliveries;
    let fits = match why {
        DropReason::Failed => failed == Some((AgentFailure::Message, Some(message))),
        DropReason::Timeout => failed == Some((AgentFailure::Timeout, Some(message))),
        DropReason::Stopped | DropReason::Cancelled => matches!(goal, Some(Goal::End(_))),
        DropReason::Restarted => {
            matches!(goal, Some(Goal::Restart { .. }))
                && busy == Some(message)
                && deliveries > settings.retry_message
        }
        DropReason::Overflow => {
            let full = waiting >= settings.inbox as usize && oldest == Some(message);
            settings.overflow == Overflow::DropOldest && (full || overtime)
        }
        DropReason::Poisoned => deliveries >= CRASHES + settings.retry_message,
        DropReason::Withdrawn => false,
    };
    ensure(fits, || format!("there is no reason to drop it: {one:?}"))
}

/// What a message calls itself: the first word of its first text.
fn tag_of(payload: &str) -> String {
    let text: serde_json::Value = serde_json::from_str(payload).unwrap_or_default();
    let text = text[0]["content"].as_str().unwrap_or_default();
    text.split(' ').next().unwrap_or_default().to_owned()
}

/// Facts about messages, and those about agents.
pub(super) trait OfMail {
    fn is_of_mail(&self) -> bool;
}

impl OfMail for AgentFact<'_> {
    fn is_of_mail(&self) -> bool {
        matches!(
            self,
            Self::Sent { .. }
                | Self::Prompted { .. }
                | Self::Answered { .. }
                | Self::Dropped { .. }
                | Self::DeadLetter { .. }
        )
    }
}
