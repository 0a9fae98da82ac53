//! What happens ten times a second without being asked for.

use crate::core::Core;
use crate::event::{Level, LinkId};
use crate::node_table::NodeKey;
use crate::wire::{NodeFlags, PingKind};
use crate::{admission, compose, curiosity, dial, epochs, failure, handshake, save, start, verify};
use base::Mono;
use std::time::Duration;

/// Time between two ticks.
pub(crate) const TICK: Duration = Duration::from_millis(100);
/// Every so many ticks one of a few random nodes is pinged.
const RANDOM_PING_EVERY: u64 = 10;
const RANDOM_PING_SAMPLE: usize = 5;
/// A link whose peer talks, but does not answer on it, is dialled anew after this many node timeouts.
const HALF_OPEN: u32 = 2;
const SICK: NodeFlags = NodeFlags(NodeFlags::PFAIL.0 | NodeFlags::FAIL.0);

pub(crate) fn tick(core: &mut Core) {
    core.ticks += 1;
    core.nodes.suspects = core.nodes.iter().filter(|(_, n)| n.is(NodeFlags::PFAIL)).count();
    let mut repairs = handshake::REPAIRS_MAX;
    for key in (0..core.nodes.bound()).map(NodeKey) {
        if core.nodes.contains(key) && key != core.nodes.myself {
            upkeep(core, key, &mut repairs);
        }
    }
    if core.ticks.is_multiple_of(RANDOM_PING_EVERY) {
        if !core.debug.no_random_ping {
            ping_a_random_node(core);
        }
        save::retry(core);
    }
    curiosity::tick(core);
    for key in (0..core.nodes.bound()).map(NodeKey) {
        if core.nodes.contains(key) {
            check(core, key);
        }
    }
    epochs::resolve_collision(core);
    admission::tick(core);
    verify::tick(core);
    failure::weigh_accusations(core);
    save::lazily(core);
    start::regain_trust(core);
    if core.health.is_failing() {
        core.todo.update_state = true;
    }
}

/// Links and handshakes of one node.
fn upkeep(core: &mut Core, key: NodeKey, repairs: &mut u32) {
    if core.settings.link_sendbuf_limit != 0 {
        for link in [core.nodes[key].outbound, core.nodes[key].inbound].into_iter().flatten() {
            close_if_clogged(core, key, link);
        }
    }
    if handshake::expire(core, key) {
        return;
    }
    dial::dial(core, key);
    handshake::repair(core, key, repairs);
}

/// A peer that does not read must not cost us memory.
fn close_if_clogged(core: &mut Core, key: NodeKey, link: LinkId) {
    let limit = core.settings.link_sendbuf_limit;
    let Some(used) = core.links.get(link).map(|l| l.backlog).filter(|used| limit != 0 && *used > limit)
    else {
        return;
    };
    let direction = if link.is_dialled() { "to" } else { "from" };
    let node = &core.nodes[key];
    let text = format!(
        "Freeing cluster link({direction} node {} ({}), used memory: {used}) due to exceeding send buffer memory \
         limit.",
        node.id,
        node.human()
    );
    core.log(Level::Warning, text);
    core.stats.buffer_limit_exceeded += 1;
    core.close_link(link);
}

/// The one of a few random nodes that was silent longest.
fn ping_a_random_node(core: &mut Core) {
    let mut oldest: Option<(Option<Mono>, LinkId)> = None;
    for _ in 0..RANDOM_PING_SAMPLE {
        let key = NodeKey(core.rng.below(u64::from(core.nodes.bound())) as u32);
        let Some(node) = core.nodes.get(key).filter(|n| n.ping_sent.is_none() && !n.in_handshake()) else {
            continue;
        };
        if let Some(link) = node.outbound.filter(|_| key != core.nodes.myself)
            && oldest.is_none_or(|(pong, _)| node.pong_received < pong)
        {
            oldest = Some((node.pong_received, link));
        }
    }
    if let Some((_, link)) = oldest {
        compose::ping(core, link, PingKind::Ping);
    }
}

/// Silence of one node (spec `cluster-behaviour.md` §5.3).
fn check(core: &mut Core, key: NodeKey) {
    let now = core.now.mono;
    let node = &core.nodes[key];
    if key == core.nodes.myself || node.flags.intersects(NodeFlags::NOADDR | NodeFlags::HANDSHAKE) {
        return;
    }
    let timeout = Duration::from_micros(core.settings.timeout_us());
    let ping_delay = node.ping_sent.map_or(Duration::ZERO, |at| now.since(at));
    let data_delay = node.data_received.map_or(Duration::MAX, |at| now.since(at));
    // A peer that talks on other links is well; after so long this one leads nowhere all the same.
    let overdue = ping_delay > timeout / 2 && (data_delay > timeout / 2 || ping_delay > timeout * HALF_OPEN);
    if overdue
        && let Some(link) = node.outbound.and_then(|id| core.links.get(id))
        && now.since(link.created) > timeout
    {
        core.close_outbound(key);
    }
    let node = &core.nodes[key];
    let interval = Duration::from_micros(core.settings.ping_interval_us());
    if node.ping_sent.is_none() {
        let silent = node.pong_received.is_none_or(|at| now.since(at) > interval);
        if let Some(link) = node.outbound.filter(|_| silent) {
            compose::ping(core, link, PingKind::Ping);
        }
        return;
    }
    if ping_delay.min(data_delay) > timeout && !node.flags.intersects(SICK) {
        failure::suspect(core, key);
    }
}
