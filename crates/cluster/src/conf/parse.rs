//! Text of nodes.conf to its content.

use super::saved::{FLAG_WORDS, Saved, SavedNode, TOMBSTONES_MAX, Tombstone};
use super::{address, format};
use crate::wire::NodeFlags;
use base::num::parse_u64;
use base::tokens::split_args;
use base::{NodeId, Slot};
use std::collections::{HashMap, HashSet};

/// Longest part of a bad line that an error shows, in bytes.
const SHOWN_MAX: usize = 1024;
/// Fields that every node's line has.
const FIELDS: usize = 8;

/// Why the text is refused. Displays as Redis's fatal message.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ConfError {
    /// A line that makes no sense.
    #[error("Unrecoverable error: corrupted cluster config file \"{line}\".")]
    Line {
        /// The line, unprintable bytes escaped, cut after 1024.
        line: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// No line, or more than one, is about this node.
    #[error("Unrecoverable error: corrupted cluster config file.")]
    Myself,
    /// Two lines about the same node.
    #[error("Duplicate nodeid detected: {0}")]
    Duplicate(NodeId),
    /// What was to be written does not read back as the same.
    #[error("Cluster config refused: it would not read back as it is")]
    Unreadable,
}

/// A file that was read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parsed {
    /// Its content.
    pub saved: Saved,
    /// What to log.
    pub notices: Vec<String>,
}

/// Reads a nodes.conf of any of the dialects. `tls`: `tls-cluster`, which says what the port of an old file
/// means.
pub fn parse(bytes: &[u8], tls: bool) -> Result<Parsed, ConfError> {
    let mut reader = Reader { tls, ..Reader::default() };
    for line in bytes.split(|b| *b == b'\n') {
        reader.line(line).map_err(|why| bad(line, why))?;
        if let Some(id) = reader.duplicate {
            return Err(ConfError::Duplicate(id));
        }
    }
    if reader.saved.nodes.iter().filter(|node| node.flags.contains(NodeFlags::MYSELF)).count() != 1 {
        return Err(ConfError::Myself);
    }
    reader.adopt_shards();
    let Reader { mut saved, notices, .. } = reader;
    saved.migrating.sort();
    saved.importing.sort();
    Ok(Parsed { saved, notices })
}

fn bad(line: &[u8], why: &'static str) -> ConfError {
    let shown = &line[..line.len().min(SHOWN_MAX)];
    ConfError::Line { line: shown.escape_ascii().to_string().replace("\\\"", "\"").replace("\\'", "'"), why }
}

#[derive(Default)]
struct Reader {
    tls: bool,
    saved: Saved,
    notices: Vec<String>,
    names: HashSet<NodeId>,
    owned: base::SlotSet,
    duplicate: Option<NodeId>,
}

impl Reader {
    fn line(&mut self, line: &[u8]) -> Result<(), &'static str> {
        if line.contains(&0) {
            return Err("a NUL");
        }
        let words = split_args(line).map_err(|_| "unbalanced quotes")?;
        let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
        match words.split_first() {
            None => Ok(()),
            Some((&b"vars", vars)) => self.vars(vars),
            Some(_) => self.node(&words),
        }
    }

    fn vars(&mut self, words: &[&[u8]]) -> Result<(), &'static str> {
        let (pairs, rest) = words.as_chunks::<2>();
        if !rest.is_empty() {
            return Err("a variable without a value");
        }
        for [name, value] in pairs {
            let number = || parse_u64(value).ok_or("a malformed number");
            match *name {
                b"currentEpoch" => self.saved.current_epoch = number()?,
                b"lastVoteEpoch" => self.saved.last_vote_epoch = number()?,
                format::GENERATION => self.saved.generation = number()?,
                format::FORGOTTEN => self.forgotten(value)?,
                other => self
                    .notices
                    .push(format!("Skipping unknown cluster config variable '{}'", other.escape_ascii())),
            }
        }
        Ok(())
    }

    /// `<id>@<unix seconds>`.
    fn forgotten(&mut self, value: &[u8]) -> Result<(), &'static str> {
        let (id, until) = value.split_at_checked(base::id::ID_LEN).ok_or("a malformed tombstone")?;
        let until = until.strip_prefix(b"@").and_then(parse_u64);
        let (Some(node), Some(until_s)) = (NodeId::parse(id), until) else {
            return Err("a malformed tombstone");
        };
        if self.saved.forgotten.len() == TOMBSTONES_MAX {
            return Err("too many tombstones");
        }
        self.saved.forgotten.push(Tombstone { node, until_s });
        Ok(())
    }

    fn node(&mut self, words: &[&[u8]]) -> Result<(), &'static str> {
        let Some(([id, address, flags, primary, ping, pong, epoch, link], slots)) =
            words.split_first_chunk::<FIELDS>()
        else {
            return Err("too few fields");
        };
        let id = NodeId::parse(id).ok_or("a malformed node id")?;
        let mut node = SavedNode::new(id, parse_flags(flags)?);
        address::parse(address, self.tls, &mut node, &mut self.notices)?;
        if *primary != b"-" {
            node.primary = Some(NodeId::parse(primary).ok_or("a malformed primary id")?);
        }
        let number = |text: &[u8]| parse_u64(text).ok_or("a malformed number");
        node.ping_sent_ms = number(ping)?;
        node.pong_received_ms = number(pong)?;
        node.config_epoch = number(epoch)?;
        if node.flags.contains(NodeFlags::REPLICA) && node.primary.is_some() {
            node.config_epoch = 0;
        }
        node.connected = *link == b"connected";
        for word in slots {
            self.slot_word(word, &mut node)?;
        }
        if !self.names.insert(id) {
            self.duplicate = Some(id);
        }
        self.saved.nodes.push(node);
        Ok(())
    }

    /// `n`, `a-b`, `[n->-id]` or `[n-<-id]`.
    fn slot_word(&mut self, word: &[u8], node: &mut SavedNode) -> Result<(), &'static str> {
        if let Some(open) = word.strip_prefix(b"[").and_then(|word| word.strip_suffix(b"]")) {
            let dash = open.iter().position(|b| *b == b'-').ok_or("a malformed open slot")?;
            let (slot, rest) = (parse_slot(&open[..dash])?, &open[dash..]);
            let (arrow, id) = rest.split_at_checked(3).ok_or("a malformed open slot")?;
            let list = match arrow {
                b"->-" => &mut self.saved.migrating,
                b"-<-" => &mut self.saved.importing,
                _ => return Err("a malformed open slot"),
            };
            let id = NodeId::parse(id).ok_or("a malformed node id")?;
            list.retain(|entry| entry.0 != slot);
            list.push((slot, id));
            return Ok(());
        }
        let dash = word.iter().position(|b| *b == b'-');
        let (first, last) = dash.map_or((word, word), |dash| (&word[..dash], &word[dash + 1..]));
        let (first, last) = (parse_slot(first)?, parse_slot(last)?);
        if first > last {
            return Err("a slot range that goes down");
        }
        for slot in (first.get()..=last.get()).filter_map(Slot::new) {
            // The first line that names a slot has it, as in Redis.
            if self.owned.insert(slot) {
                node.slots.insert(slot);
            }
        }
        Ok(())
    }

    /// A replica is in the shard of its primary, whatever its own line says.
    fn adopt_shards(&mut self) {
        let shards: HashMap<NodeId, NodeId> =
            self.saved.nodes.iter().filter_map(|node| Some((node.id, node.shard?))).collect();
        for node in &mut self.saved.nodes {
            let Some(shard) = node.primary.and_then(|primary| shards.get(&primary)) else { continue };
            if node.shard.is_some_and(|own| own != *shard) {
                self.notices.push(format!(
                    "Node {} has a different shard id than its primary. Updating replica's shard id to match \
                     primary's shard id.",
                    node.id
                ));
            }
            node.shard = Some(*shard);
        }
    }
}

fn parse_slot(digits: &[u8]) -> Result<Slot, &'static str> {
    let number = parse_u64(digits).and_then(|n| u16::try_from(n).ok());
    number.and_then(Slot::new).ok_or("a malformed slot")
}

fn parse_flags(list: &[u8]) -> Result<NodeFlags, &'static str> {
    let mut flags = NodeFlags::default();
    for word in list.split(|b| *b == b',') {
        let known = FLAG_WORDS.iter().find(|(_, known)| known.as_bytes() == word).map(|(flag, _)| *flag);
        flags |= match word {
            b"noflags" => NodeFlags::default(),
            b"primary" => NodeFlags::PRIMARY,
            b"replica" => NodeFlags::REPLICA,
            _ => known.ok_or("an unknown flag")?,
        };
    }
    if flags.contains(NodeFlags::NOADDR) {
        flags |= NodeFlags::FAIL;
    }
    Ok(flags)
}
