//! Messages of clients and modules for other nodes, under light headers where the receiver takes those.

use crate::compose;
use crate::core::Core;
use crate::event::LinkId;
use crate::node_table::NodeKey;
use crate::wire::{self, Body, LIGHT_HEADER_LEN, NodeFlags, PACKET_MAX, Packet};
use base::NodeId;

/// Room for a header, full or light, and for the lengths in front of a payload, bytes.
const OVERHEAD_MAX: usize = wire::HEADER_LEN + 16;
const _: () = assert!(LIGHT_HEADER_LEN < wire::HEADER_LEN);

/// A payload that no receiver would take.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("A message of {0} bytes is too long for the cluster bus")]
pub struct TooLong(pub usize);

/// The flag of a node that takes the body under a light header. Empty for what has no light form.
pub(crate) fn light_flag(body: &Body) -> NodeFlags {
    match body {
        Body::Publish { .. } => NodeFlags::LIGHT_PUBLISH,
        Body::Module { .. } => NodeFlags::LIGHT_MODULE,
        _ => NodeFlags::default(),
    }
}

/// To everybody, or to the nodes of this node's shard: a shard channel concerns no other. How many were told.
pub(crate) fn publish(core: &mut Core, sharded: bool, channel: &[u8], text: &[u8]) -> Result<usize, TooLong> {
    let mine = core.nodes.me().shard;
    let wanted = |core: &Core, key| !sharded || core.nodes[key].shard == mine;
    check_length(channel.len() + text.len())?;
    let body = Body::Publish { sharded, channel: channel.to_vec(), message: text.to_vec() };
    Ok(tell(core, body, wanted))
}

/// From a module of this node to one node, or to all. How many were told.
pub(crate) fn module(
    core: &mut Core,
    to: Option<NodeId>,
    id: [u8; 8],
    kind: u8,
    payload: &[u8],
) -> Result<usize, TooLong> {
    check_length(payload.len())?;
    let wanted = |core: &Core, key| to.is_none_or(|to| core.nodes[key].id == to);
    Ok(tell(core, Body::Module { id, kind, payload: payload.to_vec() }, wanted))
}

fn check_length(payload: usize) -> Result<(), TooLong> {
    if payload > PACKET_MAX - OVERHEAD_MAX { Err(TooLong(payload)) } else { Ok(()) }
}

fn tell(core: &mut Core, body: Body, wanted: impl Fn(&Core, NodeKey) -> bool) -> usize {
    let mut receivers: Vec<(LinkId, bool)> = Vec::new();
    for (key, node) in core.nodes.iter().filter(|(_, n)| !n.in_handshake()) {
        let link = node.outbound.and_then(|id| Some((id, core.links.get(id).filter(|l| l.up)?)));
        let Some((id, link)) = link.filter(|_| wanted(core, key)) else { continue };
        // Before that the other end may not know who sends on this link.
        receivers.push((id, link.answered && node.is(light_flag(&body))));
    }
    let (mut light, mut full) = (None, None);
    for (link, takes_light) in &receivers {
        if *takes_light {
            let bytes = light.get_or_insert_with(|| encoded_light(&body)).clone();
            compose::post_bytes(core, *link, bytes, None, false);
        } else {
            let (bytes, until) = full.get_or_insert_with(|| encoded_full(core, &body)).clone();
            compose::post_bytes(core, *link, bytes, until, false);
        }
    }
    receivers.len()
}

fn encoded_light(body: &Body) -> Vec<u8> {
    let mut bytes = Vec::new();
    wire::encode_light(body, &mut bytes);
    bytes
}

fn encoded_full(core: &mut Core, body: &Body) -> (Vec<u8>, Option<crate::event::SaveId>) {
    let (header, until) = compose::header(core);
    let mut bytes = Vec::new();
    wire::encode(&Packet { header, body: body.clone() }, &mut bytes);
    (bytes, until)
}
