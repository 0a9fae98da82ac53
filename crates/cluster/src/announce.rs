//! Ping extensions: what nodes announce of themselves besides the header.

use crate::core::Core;
use crate::event::Level;
use crate::forget;
use crate::node::Announced;
use crate::node_table::NodeKey;
use crate::wire::{Extension, NodeFlags, PeerClass, Type4};
use base::ShardId;

/// Forgotten nodes told in one packet, at most.
const FORGOTTEN_SENT_MAX: usize = 64;

/// Our own for a peer of that class, in the order of the peers. A missing one clears what the peer knows, so all go
/// every time.
pub(crate) fn extensions(core: &mut Core, to: Option<PeerClass>) -> Vec<Extension> {
    let tombstones = forgotten(core);
    let mine = &core.nodes.me().announced;
    let mut list = Vec::new();
    if !mine.hostname.is_empty() {
        list.push(Extension::Hostname(mine.hostname.clone()));
    }
    // A Redis 7.0 warns of every other extension, and whoever is not known yet may be one.
    if !matches!(to, Some(PeerClass::Redis | PeerClass::Valkey)) {
        return list;
    }
    if !mine.human.is_empty() {
        list.push(Extension::HumanName(mine.human.clone()));
    }
    // To a Redis, type 4 is a secret: an address there costs the whole packet.
    if to == Some(PeerClass::Valkey) {
        client_side(mine, &mut list);
    }
    list.extend(tombstones);
    list.push(Extension::ShardId(core.nodes.me().shard));
    list
}

/// The names that must not come back yet. Of more than a packet takes, some, never the same ones for long.
fn forgotten(core: &mut Core) -> Vec<Extension> {
    let now = core.now.mono;
    let stones = core.blacklist.live(now).map(move |(node, until)| (node, until.since(now).as_secs()));
    // Of the last second nothing is told: whoever hears of it would forget a node that may come back.
    let mut stones: Vec<_> = stones.filter(|(_, ttl_s)| *ttl_s > 0).collect();
    if stones.len() > FORGOTTEN_SENT_MAX {
        let first = core.rng.below(stones.len() as u64) as usize;
        stones.rotate_left(first);
        stones.truncate(FORGOTTEN_SENT_MAX);
    }
    stones.into_iter().map(|(node, ttl_s)| Extension::Forgotten { node, ttl_s }).collect()
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
    if core.nodes[sender].announced != said {
        core.nodes[sender].announced = said;
        core.save_soon();
        core.view_soon();
    }
    follow_shard(core, sender, shard);
}

/// A primary names its shard; a replica is of its primary's, whatever it says.
fn follow_shard(core: &mut Core, sender: NodeKey, said: Option<ShardId>) {
    let node = &core.nodes[sender];
    let shard = match node.replicaof {
        Some(primary) => core.nodes[primary].shard,
        None => said.unwrap_or(node.shard),
    };
    if node.shard == shard {
        return;
    }
    core.nodes[sender].shard = shard;
    // Whoever has replicas has this mark. Each node's first word changes its shard, so the others are not searched.
    if core.nodes[sender].is(NodeFlags::MIGRATE_TO) {
        for key in (0..core.nodes.bound()).map(NodeKey) {
            if core.nodes.get(key).is_some_and(|n| n.replicaof == Some(sender)) {
                core.nodes[key].shard = shard;
            }
        }
    }
    core.save_soon();
    core.view_soon();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;
    use crate::start::{self, LoadedFiles};
    use base::{Mono, NodeId, Now, Rng};

    fn now(ms: u64) -> Now {
        Now { mono: Mono(ms * 1000), unix_us: 1_700_000_000_000_000 + ms * 1000 }
    }

    /// A node that announces all there is.
    fn core() -> Core {
        let settings = Settings {
            announce_hostname: "a.example".to_owned(),
            announce_human_nodename: "alice".to_owned(),
            announce_client_ipv4: "192.0.2.7".to_owned(),
            announce_client_ipv6: "2001:db8::7".to_owned(),
            announce_client_port: 7777,
            announce_client_tls_port: 7778,
            availability_zone: "z 1".to_owned(),
            ..Settings::default()
        };
        start::core(settings, LoadedFiles::default(), now(0), Rng::new(1)).expect("starts")
    }

    #[test]
    fn each_family_gets_what_it_reads_as_it_is_meant() {
        let check = |class, expect: &[u16]| {
            let kinds: Vec<u16> = extensions(&mut core(), class).iter().map(Extension::kind).collect();
            assert_eq!(kinds, expect, "{class:?}");
        };
        check(None, &[0]);
        check(Some(PeerClass::Old), &[0]);
        check(Some(PeerClass::Hostname), &[0]);
        check(Some(PeerClass::Redis), &[0, 1, 3]);
        check(Some(PeerClass::Valkey), &[0, 1, 4, 5, 6, 7, 8, 3]);
    }

    #[test]
    fn all_forgotten_nodes_are_told_in_turn() {
        let mut core = core();
        let ids: Vec<NodeId> = (0..150).map(|_| NodeId::random(&mut core.rng)).collect();
        for id in &ids {
            core.blacklist.add(*id, core.now.mono, 60);
        }
        let mut told = std::collections::BTreeSet::new();
        for _ in 0..30 {
            let list = extensions(&mut core, Some(PeerClass::Redis));
            let names = list.iter().filter_map(|e| match e {
                Extension::Forgotten { node, ttl_s: 60 } => Some(*node),
                _ => None,
            });
            let names: Vec<NodeId> = names.collect();
            assert_eq!(names.len(), FORGOTTEN_SENT_MAX);
            told.extend(names);
        }
        assert_eq!(told.len(), ids.len());
        core.now = now(59_500);
        assert_eq!(forgotten(&mut core), [], "half a second is no time to tell of");
    }
}
