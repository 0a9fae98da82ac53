//! UPDATE: one node's word about the slots of another.

use super::{Claim, Question, Said, answers, ask, next_question, note};
use crate::claims;
use crate::core::Core;
use crate::event::{Level, LinkId};
use crate::node_table::NodeKey;
use crate::refusal::Refusal;
use base::{Epoch, Mono, NodeId, SlotSet};
use std::time::Duration;

/// UPDATEs that one node may send in a second. One answers each stale packet, so few are enough.
const PER_SECOND_MAX: u32 = 100;
/// Nodes that must say the same of one that cannot be asked.
const SENDERS_NEEDED: usize = 2;

/// UPDATEs of one node in the present second.
#[derive(Clone, Copy, Default)]
pub(super) struct Rate {
    since: Mono,
    count: u32,
}

/// An UPDATE about a node, until that node confirms it, another says the same, or a node timeout has passed.
pub(super) struct Update {
    epoch: Epoch,
    slots: SlotSet,
    pub(super) senders: Vec<NodeKey>,
    since: Mono,
    awaited: Option<Question>,
    said: Said,
}

/// Whether `sender` may send one more now.
pub(crate) fn allowed(core: &mut Core, sender: NodeKey, said: Said) -> bool {
    let now = core.now.mono;
    let rate = &mut core.doubts.watch(sender, now).updates;
    if now.since(rate.since) >= Duration::from_secs(1) {
        *rate = Rate { since: now, count: 0 };
    }
    rate.count += 1;
    if rate.count <= PER_SECOND_MAX {
        return true;
    }
    core.refuse(Refusal::TooManyUpdates, Level::Warning, |core| {
        let node = &core.nodes[sender];
        format!("Node {} ({}) sends too many UPDATEs: dropped{}", node.id, node.human(), said.by())
    });
    false
}

/// It was taken: its subject is asked all the same.
pub(crate) fn taken(
    core: &mut Core,
    about: NodeKey,
    teller: NodeId,
    epoch: Epoch,
    slots: &SlotSet,
    said: Said,
) {
    let node = &core.nodes[about];
    let text = format!(
        "UPDATE of node {teller} gives node {} ({}) slots {slots:?} under epoch {epoch}{}",
        node.id,
        node.human(),
        said.by()
    );
    core.log(Level::Notice, text);
    note(core, about, Claim::told(teller, epoch, slots, said, core.now.mono));
    ask(core, about);
}

/// It waits.
pub(crate) fn hold(
    core: &mut Core,
    sender: NodeKey,
    about: NodeKey,
    epoch: Epoch,
    slots: &SlotSet,
    said: Said,
) {
    let now = core.now.mono;
    let awaited = next_question(core, about);
    let held = &mut core.doubts.watch(about, now).update;
    match held {
        Some(update) if update.epoch == epoch && update.slots == *slots => {
            if !update.senders.contains(&sender) {
                update.senders.push(sender);
            }
        }
        Some(update) if update.epoch >= epoch => {}
        _ => {
            let senders = vec![sender];
            *held = Some(Update { epoch, slots: slots.clone(), senders, since: now, awaited, said });
        }
    }
    if held.as_ref().is_some_and(|u| u.senders.len() >= SENDERS_NEEDED) {
        release(core, about);
    } else {
        ask(core, about);
    }
}

/// The subject spoke: what it said has been taken already, and makes the UPDATE true or void.
pub(super) fn settle(core: &mut Core, about: NodeKey, link: LinkId) {
    let Some(watch) = core.doubts.watched.get(&about) else { return };
    let Some(awaited) = watch.update.as_ref().map(|u| u.awaited) else { return };
    if !answers(core, link, awaited) {
        return;
    }
    let held = core.doubts.watched.get_mut(&about).and_then(|w| w.update.take());
    if let Some(update) = held.filter(|u| core.nodes[about].config_epoch < u.epoch) {
        core.refuse(Refusal::Unconfirmed, Level::Warning, |core| {
            let node = &core.nodes[about];
            format!(
                "An UPDATE about node {} ({}) is not what the node itself answers: epoch {}, slots {:?}{}",
                node.id,
                node.human(),
                update.epoch,
                update.slots,
                update.said.by()
            )
        });
    }
}

/// A node that cannot be asked for a whole timeout is spoken for by others.
pub(super) fn expire(core: &mut Core, about: NodeKey) {
    let now = core.now.mono;
    let timeout = Duration::from_micros(core.settings.timeout_us());
    let held = core.doubts.watched.get(&about).and_then(|w| w.update.as_ref());
    if held.is_some_and(|u| now.since(u.since) >= timeout) {
        release(core, about);
    }
}

fn release(core: &mut Core, about: NodeKey) {
    let held = core.doubts.watched.get_mut(&about).and_then(|w| w.update.take());
    if let Some(update) = held.filter(|u| u.epoch > core.nodes[about].config_epoch) {
        let node = &core.nodes[about];
        let text = format!(
            "Taking an UPDATE about node {} ({}), which cannot be asked: {} of others say it{}",
            node.id,
            node.human(),
            update.senders.len(),
            update.said.by()
        );
        core.log(Level::Notice, text);
        claims::take_update(core, about, update.epoch, &update.slots);
    }
}
