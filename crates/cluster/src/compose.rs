//! Packets that this node says, and on which link.

use crate::core::Core;
use crate::event::{Level, LinkId, SaveId, Transmit};
use crate::node_table::NodeKey;
use crate::place::Place;
use crate::wire::{self, Body, Gossip, Header, MsgFlags, NodeFlags, Packet, PingKind, STATE_FAIL, STATE_OK};
use crate::{announce, gossip};
use base::NodeId;

/// What our own header always shows besides what the record says: extensions and light headers understood.
const OWN_CAPABILITIES: NodeFlags =
    NodeFlags(NodeFlags::EXTENSIONS.0 | NodeFlags::LIGHT_PUBLISH.0 | NodeFlags::LIGHT_MODULE.0);
const OWN_FLAGS: NodeFlags =
    NodeFlags(NodeFlags::MYSELF.0 | NodeFlags::PRIMARY.0 | NodeFlags::MIGRATE_TO.0 | NodeFlags::NOFAILOVER.0);

pub(crate) fn header(core: &mut Core) -> (Header, Option<SaveId>) {
    let mine = core.nodes.me().config_epoch;
    // An epoch of my own waits for the disk; of the cluster's I tell what is on disk already.
    // Behind a packet that waits for a later save it waits for that one too, and must not tell of an earlier epoch.
    let until = core.saver.save_for(|p| p.my_epoch == mine).map(|save| core.outbox.held_until(save));
    let me = core.nodes.me();
    let place = Place::of_myself(&core.settings, core.settings.announce_ip.clone());
    let (port, pport) = place.wire_ports(core.settings.tls_cluster);
    // A save under way holds the state that it was started with, not this one.
    let on_disk = match until {
        Some(save) => core.saver.epoch_of(save),
        None => Some(core.saver.durable().current_epoch),
    };
    let current = on_disk.map_or(core.epochs.current, |epoch| epoch.min(core.epochs.current));
    let header = Header {
        port,
        pport,
        cport: place.bus,
        current_epoch: current,
        config_epoch: mine,
        offset: core.repl_offset,
        sender: me.id,
        slots: me.slots.clone(),
        replicaof: None,
        ip: core.settings.announce_ip.clone(),
        flags: me.flags.masked(OWN_FLAGS) | OWN_CAPABILITIES,
        state: if core.health.ok { STATE_OK } else { STATE_FAIL },
        mflags: MsgFlags::default(),
    };
    (header, until)
}

fn post(core: &mut Core, link: LinkId, packet: &Packet, until: Option<SaveId>, vote: bool) {
    let mut bytes = Vec::new();
    wire::encode(packet, &mut bytes);
    post_bytes(core, link, bytes, until, vote);
}

pub(crate) fn post_bytes(core: &mut Core, link: LinkId, bytes: Vec<u8>, until: Option<SaveId>, vote: bool) {
    let transmit = Transmit { link, bytes };
    match until {
        Some(save) => core.outbox.hold(transmit, save, vote),
        None => core.outbox.send(transmit),
    }
}

/// PING, PONG or MEET on `link`. Nothing if the link is not connected.
pub(crate) fn ping(core: &mut Core, link: LinkId, kind: PingKind) {
    let Some(record) = core.links.get(link).filter(|l| l.up) else { return };
    let to = record.node;
    if kind != PingKind::Pong
        && let Some(record) = core.links.get_mut(link)
    {
        record.asked = record.asked.wrapping_add(1);
    }
    if let Some(key) = to.filter(|_| link.is_dialled()) {
        let now = core.now.mono;
        match kind {
            PingKind::Ping => {
                core.nodes[key].ping_sent.get_or_insert(now);
            }
            PingKind::Meet => core.nodes[key].meet_sent = Some(now),
            PingKind::Pong => {}
        }
    }
    let gossip = gossip::select(core, link);
    say(core, link, kind, gossip);
}

/// News on `link`, as a PONG that nobody asked for: a PING would cost an answer.
pub(crate) fn tell(core: &mut Core, link: LinkId, gossip: Vec<Gossip>) {
    say(core, link, PingKind::Pong, gossip);
}

fn say(core: &mut Core, link: LinkId, kind: PingKind, gossip: Vec<Gossip>) {
    let Some(record) = core.links.get_mut(link).filter(|l| l.up) else { return };
    record.greeted = true;
    let (to, link_class, extensions_wanted) = (record.node, record.class, record.extensions_seen);
    let (mut header, until) = header(core);
    header.mflags.insert(MsgFlags::EXT_DATA);
    let supports = to.is_some_and(|k| core.nodes[k].is(NodeFlags::EXTENSIONS));
    // A stranger, or a node in handshake, is known by what came on its link only.
    let class = to.and_then(|k| core.nodes[k].class).or(link_class);
    let extensions = match extensions_wanted || supports {
        true => announce::extensions(core, class),
        false => Vec::new(),
    };
    let packet = Packet { header, body: Body::Ping { kind, gossip, extensions } };
    say_sending(core, link, to, packet.body.kind());
    post(core, link, &packet, until, false);
}

fn say_sending(core: &mut Core, link: LinkId, to: Option<NodeKey>, kind: u16) {
    if let Some(key) = to.filter(|_| core.wants(Level::Debug)) {
        let (node, kind) = (&core.nodes[key], wire::kind_name(kind));
        let way = if link.is_dialled() { "outbound" } else { "inbound" };
        let text = format!("Sending {kind} packet to node {} ({}) on {way} link", node.id, node.human());
        core.log(Level::Debug, text);
    }
}

/// A PING to everybody, or a PONG that nobody asked for: something of mine changed.
pub(crate) fn broadcast(core: &mut Core, kind: PingKind) {
    for key in (0..core.nodes.bound()).map(NodeKey) {
        let Some(node) = core.nodes.get(key).filter(|n| !n.in_handshake()) else { continue };
        if let Some(link) = node.outbound {
            ping(core, link, kind);
        }
    }
}

/// Tells everybody that `failed` has failed.
pub(crate) fn broadcast_fail(core: &mut Core, failed: NodeId) {
    let (header, until) = header(core);
    let packet = Packet { header, body: Body::Fail(failed) };
    let mut bytes = Vec::new();
    wire::encode(&packet, &mut bytes);
    for key in (0..core.nodes.bound()).map(NodeKey) {
        let Some(node) = core.nodes.get(key).filter(|n| !n.in_handshake()) else { continue };
        if let Some(link) = node.outbound.filter(|l| core.links.get(*l).is_some_and(|l| l.up)) {
            post_bytes(core, link, bytes.clone(), until, false);
        }
    }
}

/// Tells `to` which slots `owner` has, on the link we dialled to it.
pub(crate) fn update(core: &mut Core, to: NodeKey, owner: NodeKey) {
    let Some(link) = core.nodes[to].outbound.filter(|l| core.links.get(*l).is_some_and(|l| l.up)) else {
        return;
    };
    let (header, until) = header(core);
    let node = &core.nodes[owner];
    let body = Body::Update {
        config_epoch: node.config_epoch,
        node: node.id,
        slots: core.slots.claimed_by(&core.nodes, owner),
    };
    post(core, link, &Packet { header, body }, until, false);
}

/// The vote for `to`. It leaves once the vote is on disk, or never.
pub(crate) fn auth_ack(core: &mut Core, to: NodeKey) {
    let Some(link) = core.nodes[to].outbound.filter(|l| core.links.get(*l).is_some_and(|l| l.up)) else {
        return;
    };
    let (mut header, until) = header(core);
    header.current_epoch = core.epochs.current;
    let promises = core.promises();
    let voted = core.saver.save_for(|p| {
        p.last_vote >= promises.last_vote
            && p.current_epoch >= promises.current_epoch
            && p.my_epoch == promises.my_epoch
    });
    let until = until.max(voted);
    post(core, link, &Packet { header, body: Body::AuthAck }, until, true);
}
