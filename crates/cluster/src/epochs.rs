//! Epochs: the order of claims. They only grow, and are on disk before anybody hears of them.

use crate::core::Core;
use crate::event::Level;
use crate::news;
use crate::node::Node;
use crate::node_table::NodeKey;
use crate::recorder::What;
use crate::refusal::Refusal;
use crate::verify::Said;
use base::{Epoch, Mono};
use std::time::Duration;

/// A collision is not kept for longer, newcomers or not.
const PATIENCE: Duration = Duration::from_secs(5);

/// The cluster's epoch as far as this node heard, and the last one it voted in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Epochs {
    pub current: Epoch,
    pub last_vote: Epoch,
    /// Both are from a copy that was out of date: votes may have been forgotten.
    pub distrusted: bool,
    /// When `current` last grew.
    pub rose_at: Mono,
    /// We knew another node since the start or the last reset.
    pub joined: bool,
    /// Until then epochs may jump: we have just joined, or the operator introduced somebody.
    pub open_until: Mono,
}

/// Epochs grow by ones. Who is further ahead than this is wrong, or wants them used up.
pub(crate) const JUMP_MAX: Epoch = 1 << 20;
/// After joining, or after an operator's MEET, jumps are taken for so long.
const JOIN_GRACE: Duration = Duration::from_secs(60);

/// Epochs of others may jump for a while.
pub(crate) fn open(core: &mut Core) {
    core.epochs.open_until = core.now.mono + JOIN_GRACE;
}

/// Whether a node's epochs are too far ahead to be believed.
pub(crate) fn jumps(core: &Core, node: NodeKey, current: Epoch, config: Epoch) -> bool {
    let known = core.epochs.current.max(core.nodes[node].config_epoch);
    current.max(config) > known.saturating_add(JUMP_MAX) && core.now.mono >= core.epochs.open_until
}

/// Says so.
pub(crate) fn refuse_jump(core: &mut Core, node: NodeKey, epoch: Epoch, said: Said) {
    core.refuse(Refusal::EpochJump, Level::Warning, |core| {
        let (ours, node) = (core.epochs.current, &core.nodes[node]);
        format!(
            "Ignoring what node {} ({}) claims under epoch {epoch}, more than {JUMP_MAX} above ours ({ours}){}. If it is \
             right, send this node a CLUSTER MEET with that node's address",
            node.id,
            node.human(),
            said.by()
        )
    });
}

/// Takes over what a header of a known node says. Replicas speak their primary's epoch, which is not theirs.
pub(crate) fn observe(core: &mut Core, sender: NodeKey, current: Epoch, config: Epoch, is_primary: bool) {
    if current > core.epochs.current {
        let fields = [("from", core.epochs.current.into()), ("to", current.into())];
        core.record(What::EpochRaised, Some(core.nodes[sender].id), fields);
        (core.epochs.current, core.epochs.rose_at) = (current, core.now.mono);
        core.save_soon();
    }
    if is_primary && config > core.nodes[sender].config_epoch {
        set(core, sender, config, "it says so");
        core.save_soon();
        core.view_soon();
    }
}

/// The greatest epoch known.
pub(crate) fn greatest(core: &Core) -> Epoch {
    core.nodes.iter().map(|(_, n)| n.config_epoch).fold(core.epochs.current, Epoch::max)
}

/// Makes my epoch the greatest of all without asking anybody. `None` if it is that already.
pub(crate) fn bump(core: &mut Core) -> Option<Epoch> {
    let greatest = greatest(core);
    let mine = core.nodes.me().config_epoch;
    if mine != 0 && mine == greatest {
        return None;
    }
    // Starting from the greatest config epoch, not only from our counter, cannot repeat another's epoch.
    take_next(core, greatest, "taken without a vote");
    core.log(Level::Warning, format!("New configEpoch set to {}", core.epochs.current));
    core.todo.broadcast_pong = true;
    Some(core.epochs.current)
}

/// Two primaries with one epoch could both be right about a slot. The greater name keeps it.
fn outranks(me: &Node, other: &Node) -> bool {
    let both = me.is_primary() && other.is_primary();
    both && other.config_epoch == me.config_epoch && other.id > me.id && other.data_received.is_some()
}

/// Another node has my epoch and keeps it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Collision {
    pub with: NodeKey,
    pub since: Mono,
}

/// Notes that `sender` has my epoch and keeps it; a later tick gives me another.
pub(crate) fn note_collision(core: &mut Core, sender: NodeKey, config: Epoch) {
    let collides = config == core.nodes.me().config_epoch && outranks(core.nodes.me(), &core.nodes[sender]);
    if collides && core.collision.is_none() {
        core.collision = Some(Collision { with: sender, since: core.now.mono });
    }
}

/// Takes a new epoch if another node keeps mine. Were it always the next one, a crowd of N that starts in epoch 0
/// would need N rounds, each of them announced to all. So everybody waits until no newcomers appear, to hear who else is
/// in it, and takes as many steps as there are greater names: one round is enough, and a pair behaves as it always did.
pub(crate) fn resolve_collision(core: &mut Core) {
    let Some(Collision { with: other, since }) = core.collision else { return };
    if !news::is_quiet(core) && core.now.mono.since(since) < PATIENCE {
        return;
    }
    core.collision = None;
    if !core.nodes.contains(other) {
        return;
    }
    let me = core.nodes.me();
    let rank = core.nodes.iter().filter(|(_, n)| outranks(me, n)).count() as Epoch;
    if rank == 0 {
        return;
    }
    if core.epochs.current == Epoch::MAX {
        return;
    }
    let (id, human) = (core.nodes[other].id, core.nodes[other].human());
    let above = core.epochs.current.saturating_add(rank - 1);
    take_next(core, above, &format!("node {id} keeps the one that both had"));
    let epoch = core.epochs.current;
    core.log(
        Level::Notice,
        format!("configEpoch collision with node {id} ({human}). configEpoch set to {epoch}"),
    );
    core.todo.broadcast_pong = true;
}

/// Gives a node a config epoch, and remembers why.
pub(crate) fn set(core: &mut Core, key: NodeKey, epoch: Epoch, why: &str) {
    let node = &mut core.nodes[key];
    let (id, before) = (node.id, std::mem::replace(&mut node.config_epoch, epoch));
    let fields = [("from", before.into()), ("to", epoch.into()), ("reason", why.into())];
    core.record(What::ConfigEpoch, Some(id), fields);
}

fn take_next(core: &mut Core, above: Epoch, why: &str) {
    let next = above.saturating_add(1);
    (core.epochs.current, core.epochs.rose_at) = (next, core.now.mono);
    set(core, core.nodes.myself, next, why);
    core.want_save();
    core.view_changed();
}
