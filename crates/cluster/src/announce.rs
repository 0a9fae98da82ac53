//! Ping extensions: what nodes announce of themselves besides the header.

use crate::core::Core;
use crate::event::Level;
use crate::forget;
use crate::node::Announced;
use crate::node_table::NodeKey;
use crate::wire::{Extension, PeerClass, Type4};
use base::ShardId;

/// Forgotten nodes told in one packet, at most.
const FORGOTTEN_SENT_MAX: usize = 64;

/// Our own, in the order of the peers. A missing one clears what the peer knows, so all go every time.
pub(crate) fn extensions(core: &Core, to: Option<NodeKey>) -> Vec<Extension> {
    let mine = &core.nodes.me().announced;
    let to = to.map(|key| &core.nodes[key]);
    let class = to.and_then(|node| node.class);
    let mut list = Vec::new();
    if !mine.hostname.is_empty() {
        list.push(Extension::Hostname(mine.hostname.clone()));
    }
    // A Redis 7.0 that has a host name looks like its successors, but warns of every other extension.
    if class == Some(PeerClass::Redis) && to.is_some_and(|node| !node.names_shard) {
        return list;
    }
    if !mine.human.is_empty() {
        list.push(Extension::HumanName(mine.human.clone()));
    }
    // To a Redis, type 4 is a secret: an address there costs the whole packet.
    if class == Some(PeerClass::Valkey) {
        client_side(mine, &mut list);
    }
    let now = core.now.mono;
    for (node, until) in core.blacklist.live(now).take(FORGOTTEN_SENT_MAX) {
        list.push(Extension::Forgotten { node, ttl_s: until.since(now).as_secs() });
    }
    list.push(Extension::ShardId(core.nodes.me().shard));
    list
}

fn client_side(mine: &Announced, list: &mut Vec<Extension>) {
    if let Ok(address) = mine.client_ipv4.parse() {
        list.push(Extension::Type4(Type4::client_ipv4(address)));
    }
    if !mine.client_ipv6.is_empty() {
        list.push(Extension::ClientIpv6(mine.client_ipv6.clone()));
    }
    if mine.client_port != 0 {
        list.push(Extension::ClientPort(mine.client_port));
    }
    if mine.client_tls_port != 0 {
        list.push(Extension::ClientTlsPort(mine.client_tls_port));
    }
    if !mine.zone.is_empty() {
        list.push(Extension::AvailabilityZone(mine.zone.clone()));
    }
}

/// Takes in what a known node announces.
pub(crate) fn apply(core: &mut Core, sender: NodeKey, list: Vec<Extension>) {
    let class = core.nodes[sender].class;
    let mut said = Announced::default();
    let mut shard = None;
    for extension in list {
        match extension {
            Extension::Hostname(name) => said.hostname = name,
            Extension::HumanName(name) => said.human = name,
            Extension::Type4(data) => {
                if let Type4::ClientIpv4(address) = Type4::read(class, &data) {
                    said.client_ipv4 = address;
                }
            }
            Extension::ClientIpv6(address) => said.client_ipv6 = address,
            Extension::ClientPort(port) => said.client_port = port,
            Extension::ClientTlsPort(port) => said.client_tls_port = port,
            Extension::AvailabilityZone(zone) => said.zone = zone,
            Extension::Forgotten { node, ttl_s } => forget::told(core, sender, node, ttl_s),
            Extension::ShardId(id) => shard = Some(id),
            Extension::Unknown { kind, .. } => {
                core.log(Level::Verbose, format!("Received unknown extension type {kind}"));
            }
        }
    }
    // A node may be told to forget the very sender.
    if !core.nodes.contains(sender) {
        return;
    }
    if core.nodes[sender].announced != said {
        core.nodes[sender].announced = said;
        core.save_soon();
        core.view_soon();
    }
    core.nodes[sender].names_shard |= shard.is_some();
    follow_shard(core, sender, shard);
}

/// A primary names its shard; a replica is of its primary's, whatever it says.
fn follow_shard(core: &mut Core, sender: NodeKey, said: Option<ShardId>) {
    let node = &core.nodes[sender];
    let shard = match node.replicaof {
        Some(primary) => core.nodes[primary].shard,
        None => said.unwrap_or(node.shard),
    };
    if node.shard != shard {
        core.nodes[sender].shard = shard;
        core.save_soon();
        core.view_soon();
    }
}
