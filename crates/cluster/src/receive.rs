//! What comes over a link, in the order of the rules (spec `cluster-behaviour.md` §4).

use crate::core::Core;
use crate::event::{Event, Level, LinkId};
use crate::handshake::{self, Completed};
use crate::node_table::NodeKey;
use crate::place::{Place, ip_text};
use crate::recorder::What;
use crate::refusal::Refusal;
use crate::roles::{self, Role};
use crate::settings::Verify;
use crate::verify::{self, Said, Word};
use crate::wire::{
    self, Body, Extension, Gossip, Header, Message, MsgFlags, NodeFlags, PACKET_MAX, PeerClass, PingKind,
    kinds,
};
use crate::{
    admission, announce, claims, compose, curiosity, election, epochs, failure, gossip, meeting, publish,
};

/// Flags that a node's own header settles, set or clear.
const HEADER_TRUTH: NodeFlags =
    NodeFlags(NodeFlags::LIGHT_PUBLISH.0 | NodeFlags::LIGHT_MODULE.0 | NodeFlags::MY_PRIMARY_FAIL.0);

/// Longest packet of somebody who is not known, in bytes: any ping, whatever it tells about.
const STRANGER_PACKET_MAX: usize = 2 << 20;
/// All that unfinished packets of unknown senders may hold, in bytes.
const STRANGER_BYTES_MAX: usize = 64 << 20;

/// Bytes of a link, cut anywhere.
pub(crate) fn bytes(core: &mut Core, id: LinkId, mut input: &[u8]) {
    if meeting::probed(core, id, input) {
        return;
    }
    let came = input;
    let Some(mut framer) = core.links.get_mut(id).and_then(|l| l.framer.take()) else { return };
    loop {
        let known = core.links.get(id).is_some_and(|l| l.node.is_some());
        framer.set_max(if known { PACKET_MAX } else { STRANGER_PACKET_MAX });
        // A borrow of its own for each packet: one may lie in the input, the next in the framer.
        let mut rest = input;
        let next = framer.next(&mut rest);
        let taken = input.len() - rest.len();
        match next {
            Ok(Some(packet)) => one(core, id, packet),
            Ok(None) => break,
            Err(bad) => {
                let peer = core.links.get(id).and_then(|l| l.peer);
                let from = peer.map_or(String::new(), |p| format!(" from {p}"));
                core.refuse(Refusal::BadFrame, Level::Warning, |_| format!("{bad}{from}"));
                dropped(core, id, bad.name(), None);
                if core.links.get(id).is_some_and(|link| !link.used) {
                    meeting::garbled(core, core.links.get(id).and_then(|link| link.node), came);
                }
                core.close_link(id);
            }
        }
        if core.links.get(id).is_none() {
            return;
        }
        input = &input[taken..];
    }
    if core.links.note_held(id, framer.held()) > STRANGER_BYTES_MAX {
        let peer = core.links.get(id).and_then(|l| l.peer).map_or(String::new(), |p| p.to_string());
        core.refuse(Refusal::BadFrame, Level::Warning, |_| {
            format!("Closing the cluster bus connection from {peer}: strangers hold too much with packets they do not end")
        });
        core.close_link(id);
        return;
    }
    if let Some(link) = core.links.get_mut(id) {
        link.framer = Some(framer);
    }
}

fn one(core: &mut Core, id: LinkId, packet: &[u8]) {
    if let Some(kind) = wire::kind_of(packet) {
        core.stats.received(kind, packet.len());
        count_answer(core, id, kind);
        if core.debug.drops(kind) {
            debug_dropped(core, id, kind);
            return;
        }
    }
    match wire::decode(packet) {
        Ok(message) => {
            admission::heard(core, id);
            match message {
                Message::Full(packet) => full(core, id, packet.header, packet.body),
                Message::Light(body) => light(core, id, body),
            }
        }
        Err(invalid) => {
            core.refuse(Refusal::Invalid, Level::Warning, |core| {
                let peer = core.links.get(id).and_then(|l| l.peer);
                peer.map_or(invalid.to_string(), |peer| format!("{invalid}, from {peer}"))
            });
            dropped(core, id, invalid.name(), wire::kind_of(packet));
        }
    }
    if let Some(link) = core.links.get_mut(id) {
        link.used = true;
    }
}

/// Counts and remembers a packet that was thrown away.
pub(crate) fn dropped(core: &mut Core, id: LinkId, reason: &'static str, kind: Option<u16>) {
    core.stats.dropped(reason);
    let link = core.links.get(id);
    let node = link.and_then(|l| l.node).map(|key| &core.nodes[key]).filter(|node| !node.in_handshake());
    let node = node.map(|node| node.id);
    // The port of a link that was accepted says nothing, and would make each redial a record of its own.
    let from = link.and_then(|l| l.peer).map_or(String::new(), |peer| ip_text(peer.ip()));
    let kind = kind.map_or("unknown", wire::kind_name);
    core.record(
        What::PacketDropped,
        node,
        [("reason", reason.into()), ("type", kind.into()), ("from", from.into())],
    );
}

/// A PONG on a link that we dialled answers the oldest question there; if all are answered, nobody asked for it.
fn count_answer(core: &mut Core, id: LinkId, kind: u16) {
    if kind == kinds::PONG
        && let Some(link) = core.links.get_mut(id).filter(|l| id.is_dialled() && l.answers != l.asked)
    {
        link.answers = link.answers.wrapping_add(1);
    }
}

fn debug_dropped(core: &mut Core, id: LinkId, kind: u16) {
    let text = format!("Dropping packet of type {} that matches debug drop filter", wire::kind_name(kind));
    core.log(Level::Warning, text);
    dropped(core, id, "filter", Some(kind));
    if core.debug.close_on_drop {
        core.close_link(id);
    }
}

/// The link says who sends: it must be known already.
fn light(core: &mut Core, id: LinkId, body: Body) {
    let node = core.links.get(id).and_then(|l| l.node);
    let Some(sender) = node.filter(|k| !core.nodes[*k].in_handshake()) else {
        let who = node.map(|k| (core.nodes[k].id.to_string(), core.nodes[k].human()));
        let (name, human) = who.unwrap_or_default();
        let kind = wire::kind_name(body.kind());
        core.log(
            Level::Warning,
            format!(
                "Closing link for node {name} ({human}) that sent a lightweight message of type {kind} as its \
                 first message on the link"
            ),
        );
        dropped(core, id, "light", Some(body.kind()));
        core.close_link(id);
        return;
    };
    let said = verify::said(core, id);
    if said.word != Word::Doubted {
        core.nodes[sender].data_received = Some(core.now.mono);
    }
    if !core.nodes[sender].is(publish::light_flag(&body)) {
        let (node, kind) = (&core.nodes[sender], wire::kind_name(body.kind()));
        let text = format!(
            "Ignoring a lightweight message of type {kind} from node {} ({}), which does not announce them",
            node.id,
            node.human()
        );
        core.log(Level::Warning, text);
        return;
    }
    if let Body::Publish { sharded, channel, message } = body
        && verify::may_publish(core, id, sender, said)
    {
        core.outbox.event(Event::Published { sharded, channel, message });
    }
}

fn full(core: &mut Core, id: LinkId, header: Header, body: Body) {
    if let Some(link) = core.links.get_mut(id) {
        link.class = PeerClass::of(&header, &body).or(link.class);
    }
    let sender = identify(core, id, &header);
    let mut said = verify::said(core, id);
    if let Some(sender) = sender {
        if !verify::first_word(core, id, sender, &body) {
            return;
        }
        said.word = heard(core, id, sender, &header, said);
    }
    if sender.is_none() && !matches!(body, Body::Ping { .. } | Body::Unknown(_)) {
        dropped(core, id, "unknown-sender", Some(body.kind()));
    }
    match body {
        Body::Ping { kind, gossip, extensions } => {
            ping(core, id, sender, header, Greeting { kind, gossip, extensions }, said);
        }
        Body::Fail(failed) => failure::told(core, sender, header.sender, failed, said),
        Body::Unknown(kind) => {
            core.log(Level::Warning, format!("Received unknown packet type: {kind}"));
            dropped(core, id, "unknown-type", None);
        }
        body => {
            if let Some(sender) = sender {
                from_known(core, id, sender, &header, body, said);
            }
        }
    }
}

/// What strangers say in vain.
fn from_known(core: &mut Core, id: LinkId, sender: NodeKey, header: &Header, body: Body, said: Said) {
    match body {
        Body::Publish { sharded, channel, message } if verify::may_publish(core, id, sender, said) => {
            core.outbox.event(Event::Published { sharded, channel, message });
        }
        Body::AuthRequest if said.word == Word::Doubted => verify::hold_vote(core, sender, header, said),
        Body::AuthRequest => election::requested(core, sender, header, said),
        Body::Update { config_epoch, node, slots } => {
            claims::told(core, sender, node, config_epoch, &slots, said);
        }
        // We never ask for votes, and nobody asks us to pause, as nobody replicates from us yet.
        Body::AuthAck => unasked(core, sender, Refusal::UnaskedVote, "a vote that nobody asked for", said),
        Body::MfStart => {
            unasked(core, sender, Refusal::UnaskedPause, "a manual failover: it is no replica of ours", said)
        }
        _ => {}
    }
}

fn unasked(core: &mut Core, sender: NodeKey, why: Refusal, what: &str, said: Said) {
    core.refuse(why, Level::Notice, |core| {
        let node = &core.nodes[sender];
        format!("Ignoring node {} ({}), which sends {what}{}", node.id, node.human(), said.by())
    });
}

/// The node of the cluster that sends; `None` for strangers, nodes in handshake, and ourselves.
fn identify(core: &mut Core, id: LinkId, header: &Header) -> Option<NodeKey> {
    let bound = core.links.get(id)?.node;
    if let Some(key) = bound.filter(|k| !core.nodes[*k].in_handshake()) {
        if core.nodes[key].id == header.sender {
            return Some(key);
        }
        // Dealt with before anything it says counts.
        match id.is_dialled() {
            true => wrong_identity(core, key, header),
            false => changed_identity(core, id, key, header),
        }
        return None;
    }
    let Some(key) = core.nodes.find(&header.sender) else {
        if bound.is_none() {
            core.links.note_stranger(header.sender, id);
        }
        return None;
    };
    if key == core.nodes.myself || core.nodes[key].in_handshake() {
        return None;
    }
    if bound.is_none() {
        verify::bind(core, id, key);
    }
    Some(key)
}

/// Nobody's name changes on a link: whoever resets a node's name also drops its links.
fn changed_identity(core: &mut Core, id: LinkId, key: NodeKey, header: &Header) {
    core.refuse(Refusal::ChangedName, Level::Warning, |core| {
        let (node, now) = (&core.nodes[key], header.sender);
        format!("Closing link from node {} ({}): its sender calls itself {now} now", node.id, node.human())
    });
    dropped(core, id, "changed-name", None);
    core.close_link(id);
}

/// Our link leads to another node than it was dialled for: the address is no longer that node's.
fn wrong_identity(core: &mut Core, key: NodeKey, header: &Header) {
    let node = &mut core.nodes[key];
    let text = format!(
        "PONG contains mismatching sender ID. About node {} ({}) in shard {} added {} ms ago, having flags {}; \
         the sender is {}",
        node.id,
        node.human(),
        node.shard,
        core.now.mono.since(node.created).as_millis(),
        node.flags.0,
        header.sender
    );
    node.flags.insert(NodeFlags::NOADDR);
    node.addr = Place::default();
    let failed = (node.id, node.is_failed());
    core.record(What::NameMismatch, Some(failed.0), [("answered", header.sender.into())]);
    core.log(Level::Debug, text);
    core.close_outbound(key);
    core.save_soon();
    core.view_changed();
    if !failed.1 {
        if core.nodes[key].put(NodeFlags::PFAIL, false) {
            core.nodes.suspects = core.nodes.suspects.saturating_sub(1);
        }
        failure::mark(core, key, "another node answers at its address");
        compose::broadcast_fail(core, failed.0);
    }
}

/// What every full message of a node of the cluster tells, and whether its word counts.
fn heard(core: &mut Core, id: LinkId, sender: NodeKey, header: &Header, said: Said) -> Word {
    let announces = header.mflags.contains(MsgFlags::EXT_DATA);
    let mut class = None;
    if let Some(link) = core.links.get_mut(id) {
        link.extensions_seen |= announces;
        class = link.class;
    }
    let word = verify::weigh(core, sender, header, said);
    if word == Word::Doubted {
        return word;
    }
    let now = core.now.mono;
    let node = &mut core.nodes[sender];
    node.data_received = Some(now);
    // Clients are sent to replicas that have data.
    let gained_data = (node.repl_offset == 0) != (header.offset == 0);
    node.repl_offset = header.offset;
    node.flags.remove(HEADER_TRUTH);
    node.flags.insert(header.flags.masked(HEADER_TRUTH));
    if announces {
        node.flags.insert(NodeFlags::EXTENSIONS);
    }
    node.class = class.or(node.class);
    if gained_data {
        core.view_soon();
    }
    let is_primary = header.replicaof.is_none();
    epochs::observe(core, sender, header.current_epoch, header.config_epoch, is_primary);
    word
}

/// A body of the ping family.
struct Greeting {
    kind: PingKind,
    gossip: Vec<Gossip>,
    extensions: Vec<Extension>,
}

fn ping(
    core: &mut Core,
    id: LinkId,
    mut sender: Option<NodeKey>,
    header: Header,
    ping: Greeting,
    mut said: Said,
) {
    if core.links.get(id).is_none() {
        return;
    }
    let mut trusted = greeted(core, id, sender, &header, ping.kind, said);
    if said.word == Word::Doubted && !id.is_dialled() {
        if let Some(sender) = sender {
            verify::hear_doubted(core, sender, &header, &ping.gossip, &ping.extensions);
        }
        return;
    }
    let node = core.links.get(id).and_then(|l| l.node).filter(|_| id.is_dialled());
    if let Some(key) = node.filter(|k| core.nodes[*k].in_handshake()) {
        match handshake::complete(core, key, &header) {
            Completed::Known => return,
            Completed::Yes => {
                said.word = heard(core, id, key, &header, said);
                (sender, trusted) = (Some(key), Some(key));
            }
        }
    }
    if let Some(sender) = sender {
        let role = known(core, id, sender, &header, ping.kind, said);
        if ping.kind == PingKind::Pong && id.is_dialled() {
            verify::answered(core, sender, id, &header);
        }
        if role == Role::Stale {
            dropped(core, id, "stale", None);
        }
        if role == Role::Stale || said.word == Word::Doubted {
            return;
        }
    }
    // Whoever said MEET is believed from then on, as its MEET was, although we may not have heard its answer yet.
    let introduced = core.links.get(id).and_then(|l| l.node).filter(|_| !id.is_dialled());
    if let Some(trusted) = trusted.or(introduced) {
        gossip::apply(core, trusted, &ping.gossip);
    }
    if let Some(sender) = sender.filter(|s| core.nodes.contains(*s)) {
        let (id, named) = (core.nodes[sender].id, verify::named_as_forgotten(core, &ping.extensions, said));
        announce::apply(core, sender, ping.extensions);
        verify::say_forgotten(core, id, &named, said);
    }
}

/// What every PING and MEET is due, known sender or not: an answer, before what it says is weighed. Whose gossip counts.
fn greeted(
    core: &mut Core,
    id: LinkId,
    sender: Option<NodeKey>,
    header: &Header,
    kind: PingKind,
    said: Said,
) -> Option<NodeKey> {
    let mut trusted = sender;
    if let Some(sender) = sender {
        if said.word != Word::Doubted {
            handshake::answered(core, sender);
        }
    } else if header.mflags.contains(MsgFlags::EXT_DATA)
        && let Some(link) = core.links.get_mut(id)
    {
        link.extensions_seen = true;
    }
    if kind != PingKind::Pong {
        learn_my_address(core, id, kind);
        if kind == PingKind::Meet && header.sender != core.nodes.me().id {
            match sender {
                Some(sender) => handshake::met_again(core, sender),
                None => trusted = handshake::met(core, id, header),
            }
        }
        compose::ping(core, id, PingKind::Pong);
    }
    if kind == PingKind::Ping && sender.is_none() {
        curiosity::stranger(core, &header.sender);
    }
    trusted
}

/// Steps 5 to 10 for a node of the cluster.
fn known(core: &mut Core, id: LinkId, sender: NodeKey, header: &Header, kind: PingKind, said: Said) -> Role {
    let ours = core.nodes[sender].outbound == Some(id);
    if kind == PingKind::Pong && ours {
        if let Some(link) = core.links.get_mut(id) {
            link.answered = true;
        }
        failure::answered(core, sender);
    }
    if said.word == Word::Doubted {
        return Role::Same;
    }
    let nofailover = header.flags.contains(NodeFlags::NOFAILOVER);
    if core.nodes[sender].put(NodeFlags::NOFAILOVER, nofailover) {
        core.view_changed();
    }
    if kind == PingKind::Ping && !ours {
        follow_address(core, id, sender, header, said);
    }
    let role = roles::observe(core, sender, header);
    if role == Role::Stale {
        return role;
    }
    claims::observe(core, sender, &header.slots, header.config_epoch, role == Role::Promoted);
    epochs::note_collision(core, sender, header.config_epoch);
    role
}

/// Whoever meets or pings us shows which of our addresses reaches us.
fn learn_my_address(core: &mut Core, id: LinkId, kind: PingKind) {
    let me = core.nodes.me();
    // A liar can make us dial-able at any address of ours, but where claims must be confirmed only at the first.
    let strict = core.settings.bus_verify == Verify::Strict;
    let wanted = (kind == PingKind::Meet && !strict) || me.addr.ip.is_empty();
    if !wanted || !core.settings.announce_ip.is_empty() {
        return;
    }
    let Some(local) = core.links.get(id).and_then(|l| l.local).filter(|ip| !ip.is_unspecified()) else {
        return;
    };
    let ip = ip_text(local);
    if ip != me.addr.ip {
        core.log(Level::Warning, format!("IP address for this node updated to {ip}"));
        let before = core.nodes.me().addr.ip.clone();
        let me = core.nodes.me().id;
        core.record(What::AddressChanged, Some(me), [("from", before.into()), ("to", ip.as_str().into())]);
        core.nodes.me_mut().addr.ip = ip;
        core.save_soon();
        core.view_soon();
    }
}

/// A PING on a link that the sender dialled comes from where it is now.
fn follow_address(core: &mut Core, id: LinkId, sender: NodeKey, header: &Header, said: Said) {
    let peer = core.links.get(id).filter(|_| !id.is_dialled()).and_then(|l| l.peer);
    let ip = match (header.ip.is_empty(), peer) {
        (false, _) => header.ip.clone(),
        (true, Some(peer)) => ip_text(peer.ip()),
        (true, None) => return,
    };
    let tls = core.settings.tls_cluster;
    let addr = Place::from_wire(ip, header.port, header.pport, header.cport, tls);
    if core.nodes[sender].addr != addr {
        if said.word == Word::Taken {
            let node = &core.nodes[sender];
            let text = format!("Node {} ({}) gives another address{}", node.id, node.human(), said.by());
            core.log(Level::Verbose, text);
        }
        core.move_node(sender, addr);
    }
}
