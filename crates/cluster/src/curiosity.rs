//! A stranger's PING: somebody who knows us was not introduced to us yet. It admits nobody, but those whom we trust may know
//! who it is, so a few of them are asked with the next tick; their answers carry gossip.

use crate::compose;
use crate::core::Core;
use crate::news;
use crate::node_table::NodeKey;
use crate::wire::{NodeFlags, PingKind};
use base::NodeId;
use std::time::Duration;

/// Rounds in a row that made nobody known. A stranger whom nobody knows must not make us ask for ever.
const FRUITLESS_MAX: u8 = 4;
/// After so many ticks one fruitless round is forgotten.
const FORGIVEN_EVERY: u64 = 300;
/// Nodes asked in one round.
const ASKED_MAX: u32 = 4;

/// A node is new to us for so long.
const YOUTH: Duration = Duration::from_secs(2);

/// Whom to ask, and whether.
#[derive(Default)]
pub(crate) struct Curiosity {
    pinged: bool,
    fruitless: u8,
}

impl Curiosity {
    /// Somebody became known.
    pub fn satisfied(&mut self) {
        self.fruitless = 0;
    }
}

/// An unknown node sent a PING.
pub(crate) fn stranger(core: &mut Core, id: &NodeId) {
    let forgotten = core.blacklist.holds(id, core.now.mono);
    if !forgotten && *id != core.nodes.me().id {
        core.curiosity.pinged = true;
    }
}

/// Asks, if there was a stranger since the last tick.
pub(crate) fn tick(core: &mut Core) {
    if core.news.learnt_since(core.now.mono, YOUTH) {
        ask_the_young(core);
    }
    // While a mesh forms there are strangers all the time, and they become known without our asking.
    let quiet = news::is_quiet(core);
    let curiosity = &mut core.curiosity;
    if core.ticks.is_multiple_of(FORGIVEN_EVERY) {
        curiosity.fruitless = curiosity.fruitless.saturating_sub(1);
    }
    if !quiet || !std::mem::take(&mut curiosity.pinged) || curiosity.fruitless == FRUITLESS_MAX {
        return;
    }
    curiosity.fruitless += 1;
    ask(core, |_, _| true);
}

/// Asks those who introduce nobody whom they met since: they are new themselves, and tell when they are asked.
fn ask_the_young(core: &mut Core) {
    let now = core.now.mono;
    let young = |core: &Core, key: NodeKey| {
        news::introduces_nobody(core, key) && now.since(core.nodes[key].created) < YOUTH
    };
    ask(core, young);
}

/// PINGs a few of those that `wanted` names.
fn ask(core: &mut Core, wanted: impl Fn(&Core, NodeKey) -> bool) {
    let bound = core.nodes.bound();
    let first = core.rng.below(u64::from(bound)) as u32;
    let mut left = ASKED_MAX;
    for key in (0..bound).map(|i| NodeKey((first + i) % bound)) {
        let Some(node) = core.nodes.get(key) else { continue };
        let sound = !node.flags.intersects(NodeFlags::HANDSHAKE | NodeFlags::PFAIL | NodeFlags::FAIL);
        if left > 0
            && sound
            && wanted(core, key)
            && node.ping_sent.is_none()
            && let Some(link) = node.outbound
            && core.links.get(link).is_some_and(|l| l.up)
        {
            left -= 1;
            compose::ping(core, link, PingKind::Ping);
        }
    }
}
