//! Content to the text of nodes.conf, and to that of CLUSTER NODES.

use super::address;
use super::parse::{ConfError, parse};
use super::saved::{FLAG_WORDS, Saved, SavedNode, TOMBSTONES_MAX};
use crate::address::Audience;
use crate::wire::NodeFlags;
use base::{Epoch, NodeId};
use std::collections::HashMap;
use std::fmt::Write;

/// Our own variables, which Redis and Valkey skip.
pub(super) const GENERATION: &[u8] = b"handfast-generation";
pub(super) const FORGOTTEN: &[u8] = b"handfast-forgotten";

/// The text of nodes.conf. It was read back and says the same, so it can be loaded: nothing that a peer sent
/// can make a file that refuses to load, or that says something else than it should.
///
/// Nodes in handshake are not written, nor values that fail the checks of reading.
pub fn format(saved: &Saved) -> Result<Vec<u8>, ConfError> {
    let epochs = epochs(saved);
    let mut out = String::new();
    for node in saved.nodes.iter().filter(|node| !node.flags.contains(NodeFlags::HANDSHAKE)) {
        let mut place = String::new();
        address::write(node, &mut place);
        line(saved, node, &place, &epochs, &mut out);
        out.push('\n');
    }
    let (current, voted) = (saved.current_epoch, saved.last_vote_epoch);
    let _ = write!(out, "vars currentEpoch {current} lastVoteEpoch {voted}");
    if saved.generation != 0 {
        let _ = write!(out, " {} {}", name(GENERATION), saved.generation);
    }
    let from = saved.forgotten.len().saturating_sub(TOMBSTONES_MAX);
    for tombstone in &saved.forgotten[from..] {
        let _ = write!(out, " {} {}@{}", name(FORGOTTEN), tombstone.node, tombstone.until_s);
    }
    out.push('\n');
    check(saved, &out)?;
    Ok(out.into_bytes())
}

fn name(variable: &'static [u8]) -> &'static str {
    std::str::from_utf8(variable).unwrap_or_default()
}

/// Reads the text and compares what decides about data: identity, roles, slots and epochs.
fn check(saved: &Saved, text: &str) -> Result<(), ConfError> {
    let read = parse(text.as_bytes(), false)?.saved;
    let written = saved.nodes.iter().filter(|node| !node.flags.contains(NodeFlags::HANDSHAKE));
    let same = |(a, b): (&SavedNode, &SavedNode)| {
        let epoch =
            if a.primary.is_some() && a.flags.contains(NodeFlags::REPLICA) { 0 } else { a.config_epoch };
        let mut flags = a.flags.masked(SavedNode::FLAGS);
        flags.set(NodeFlags::FAIL, flags.intersects(NodeFlags::FAIL | NodeFlags::NOADDR));
        (a.id, flags, a.primary, epoch, &a.slots) == (b.id, b.flags, b.primary, b.config_epoch, &b.slots)
    };
    let nodes = written.clone().count() == read.nodes.len() && written.zip(&read.nodes).all(same);
    let open = (&saved.migrating, &saved.importing) == (&read.migrating, &read.importing);
    let epochs = (saved.current_epoch, saved.last_vote_epoch, saved.generation)
        == (read.current_epoch, read.last_vote_epoch, read.generation);
    if nodes && open && epochs { Ok(()) } else { Err(ConfError::Unreadable) }
}

impl Saved {
    /// CLUSTER NODES for this client: every node, one line each, `\n` after every line.
    pub fn client_text(&self, audience: Audience) -> String {
        self.client_lines(audience, |_| true).into_iter().flat_map(|line| [line, "\n".to_owned()]).collect()
    }

    /// The lines of the nodes that `wanted` picks, without their ends: CLUSTER REPLICAS.
    pub fn client_lines(&self, audience: Audience, wanted: impl Fn(&SavedNode) -> bool) -> Vec<String> {
        let epochs = epochs(self);
        let print = |node: &SavedNode| {
            let address = &node.address;
            let (ip, port) = (address.ip_for(audience), address.port_for(audience));
            let mut place = format!("{ip}:{port}@{}", address.bus_port);
            if !address.hostname.is_empty() {
                let _ = write!(place, ",{}", address.hostname);
            }
            let mut out = String::new();
            line(self, node, &place, &epochs, &mut out);
            out
        };
        self.nodes.iter().filter(|node| wanted(node)).map(print).collect()
    }
}

fn epochs(saved: &Saved) -> HashMap<NodeId, Epoch> {
    saved.nodes.iter().map(|node| (node.id, node.config_epoch)).collect()
}

/// Appends one line (spec `cluster-behaviour.md` §7.1) without its end; `place` is the address field.
fn line(saved: &Saved, node: &SavedNode, place: &str, epochs: &HashMap<NodeId, Epoch>, out: &mut String) {
    let _ = write!(out, "{} {place} ", node.id);
    let words = FLAG_WORDS.iter().filter(|(flag, _)| node.flags.contains(*flag)).map(|(_, word)| *word);
    let words: Vec<&str> = words.collect();
    out.push_str(if words.is_empty() { "noflags" } else { "" });
    out.push_str(&words.join(","));
    let primary = node.primary.as_ref().map_or("-", NodeId::as_str);
    let shown = node.primary.filter(|_| node.flags.contains(NodeFlags::REPLICA));
    let epoch = shown.and_then(|primary| epochs.get(&primary)).unwrap_or(&node.config_epoch);
    let link = if node.connected { "connected" } else { "disconnected" };
    let (ping, pong) = (node.ping_sent_ms, node.pong_received_ms);
    let _ = write!(out, " {primary} {ping} {pong} {epoch} {link}");
    for (first, last) in node.slots.ranges() {
        let _ = if first == last { write!(out, " {first}") } else { write!(out, " {first}-{last}") };
    }
    if !node.flags.contains(NodeFlags::MYSELF) {
        return;
    }
    for (slot, to) in &saved.migrating {
        let _ = write!(out, " [{slot}->-{to}]");
    }
    for (slot, from) in &saved.importing {
        let _ = write!(out, " [{slot}-<-{from}]");
    }
}
