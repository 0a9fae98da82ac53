//! Messages and confirmations as clients see them.

use super::Kind;
use resp::{Proto, Reply};

/// A published message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// To the listeners of a slot's channel.
    pub shard: bool,
    /// The channel.
    pub channel: Box<[u8]>,
    /// The text.
    pub text: Box<[u8]>,
}

impl Message {
    /// For those who listen to the channel.
    pub fn encode(&self, proto: Proto, out: &mut Vec<u8>) {
        let mut out = Reply::new(out, proto);
        out.push(3);
        out.bulk(if self.shard { b"smessage" } else { b"message" });
        out.bulk(&self.channel);
        out.bulk(&self.text);
    }

    /// For those who listen to a pattern that the channel matches.
    pub fn encode_for(&self, pattern: &[u8], proto: Proto, out: &mut Vec<u8>) {
        let mut out = Reply::new(out, proto);
        out.push(4);
        out.bulk(b"pmessage");
        out.bulk(pattern);
        out.bulk(&self.channel);
        out.bulk(&self.text);
    }
}

/// Tells a client that a subscription began or ended, and how many of its kind it has now. No name: there was none to end.
pub fn confirm(word: &str, name: Option<&[u8]>, count: usize, out: &mut Reply<'_>) {
    out.push(3);
    out.bulk(word.as_bytes());
    match name {
        Some(name) => out.bulk(name),
        None => out.null(),
    }
    out.int(count as i64);
}

/// How many subscriptions a confirmation counts: shard channels apart from the rest.
pub(super) fn counted_with(kind: Kind, other: Kind) -> bool {
    (kind == Kind::Shard) == (other == Kind::Shard)
}
