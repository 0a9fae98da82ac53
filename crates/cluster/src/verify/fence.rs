//! Writes to slots of mine that another node is said to have taken: they wait until the node itself was asked, so that
//! none is acknowledged here that the new owner will never see.

use super::Watch;
use crate::core::Core;
use crate::event::Level;
use crate::node_table::NodeKey;
use crate::wire::Header;
use base::{Mono, SlotSet};
use std::time::Duration;

/// Slots of mine, closed for writes.
pub(super) struct Fence {
    slots: SlotSet,
    until: Mono,
}

/// An unverified claim of a greater epoch closes my slots that it names, for half the node timeout at most, and once in
/// a timeout and node: a liar gains no more.
pub(super) fn raise(core: &mut Core, sender: NodeKey, header: &Header) {
    let now = core.now.mono;
    let me = core.nodes.me();
    if header.replicaof.is_some() || header.config_epoch <= me.config_epoch {
        return;
    }
    let slots: SlotSet = header.slots.iter().filter(|slot| me.slots.contains(*slot)).collect();
    let (again, half) = (Duration::from_micros(core.settings.timeout_us()), core.settings.timeout_us() / 2);
    let watch = core.doubts.watch(sender, now);
    if slots.is_empty() || watch.fence.is_some() || now < watch.fence_again_at {
        return;
    }
    watch.fence_again_at = now + again;
    watch.fence = Some(Fence { slots, until: now + Duration::from_micros(half) });
    core.doubts.fences += 1;
    core.view_changed();
    let node = &core.nodes[sender];
    let text = format!(
        "Writes to slots that node {} ({}) may have taken wait for its answer",
        node.id,
        node.human()
    );
    core.log(Level::Notice, text);
}

/// The node has spoken.
pub(super) fn lower(core: &mut Core, key: NodeKey) {
    let fence = |watch: &mut Watch| watch.fence.take();
    if core.doubts.watched.get_mut(&key).and_then(fence).is_some() {
        core.doubts.fences -= 1;
        core.view_changed();
    }
}

pub(super) fn expire(core: &mut Core, key: NodeKey) {
    let now = core.now.mono;
    let over = |watch: &Watch| watch.fence.as_ref().is_some_and(|f| now >= f.until);
    if core.doubts.watched.get(&key).is_some_and(over) {
        lower(core, key);
    }
}

/// Slots of mine that take no writes now; `None` if all do.
pub(crate) fn fenced(core: &Core) -> Option<SlotSet> {
    if core.doubts.fences == 0 {
        return None;
    }
    let fences = core.doubts.watched.values().filter_map(|watch| watch.fence.as_ref());
    let mut all = SlotSet::new();
    for slot in fences.flat_map(|f| f.slots.iter()) {
        all.insert(slot);
    }
    Some(all)
}
