//! Votes for other nodes' replicas. One vote per epoch, on disk before it leaves.

use crate::claims;
use crate::compose;
use crate::core::Core;
use crate::event::Level;
use crate::node_table::NodeKey;
use crate::recorder::What;
use crate::verify::Said;
use crate::wire::{Header, MsgFlags};

/// A replica asks for our vote.
pub(crate) fn requested(core: &mut Core, sender: NodeKey, header: &Header, said: Said) {
    if !core.nodes.me().votes() {
        return;
    }
    let (candidate, asked) = (core.nodes[sender].id, header.current_epoch);
    core.record(What::VoteAsked, Some(candidate), [("epoch", asked.into())]);
    if let Err(why) = judge(core, sender, header) {
        let node = &core.nodes[sender];
        let text = format!("Failover auth denied to {} ({}){why}{}", node.id, node.human(), said.by());
        let reason = why.split_once(": ").map_or(why.as_str(), |(_, reason)| reason);
        core.record(What::VoteRefused, Some(candidate), [("epoch", asked.into()), ("reason", reason.into())]);
        core.log(Level::Warning, text);
        return;
    }
    let epoch = core.epochs.current;
    core.epochs.last_vote = epoch;
    core.record(What::VoteGranted, Some(candidate), [("epoch", epoch.into())]);
    core.want_save();
    compose::auth_ack(core, sender);
    let node = &core.nodes[sender];
    let by = said.by();
    let text = format!("Failover auth granted to {} ({}) for epoch {epoch}{by}", node.id, node.human());
    core.log(Level::Notice, text);
}

/// The reason not to vote, as the log says it.
fn judge(core: &mut Core, sender: NodeKey, header: &Header) -> Result<(), String> {
    let current = core.epochs.current;
    let asked = header.current_epoch;
    if !core.health.may_vote || core.epochs.distrusted {
        return Err(": it is not safe to vote in this moment".to_string());
    }
    if asked < current {
        return Err(format!(": reqEpoch ({asked}) < curEpoch({current})"));
    }
    if core.epochs.last_vote == current {
        return Err(format!(": already voted for epoch {current}"));
    }
    let node = &core.nodes[sender];
    let forced = header.mflags.contains(MsgFlags::FORCEACK);
    let reason = match node.replicaof {
        _ if node.is_primary() => Some("it is a primary node"),
        None => Some("I don't know its primary"),
        Some(primary) if !core.nodes[primary].is_failed() && !forced => Some("its primary is up"),
        Some(_) => None,
    };
    if let Some(reason) = reason {
        return Err(format!(" for epoch {asked}: {reason}"));
    }
    // A vote that cannot be delivered would only be lost to a candidate who can hear us.
    if node.outbound.is_none_or(|l| core.links.get(l).is_none_or(|l| !l.up)) {
        return Err(format!(" for epoch {asked}: no link to it"));
    }
    if let Some((slot, owner)) = claims::newer_claim(core, &header.slots, header.config_epoch, None) {
        claims::send_update(core, sender, owner);
        let epoch = core.nodes[owner].config_epoch;
        return Err(format!(": slot {slot} epoch ({epoch}) > reqConfigEpoch ({})", header.config_epoch));
    }
    Ok(())
}
