//! The connections of one worker that listen.

use super::{Change, Kind, Message};
use crate::mail::ConnId;
use base::glob;
use resp::Proto;
use std::collections::BTreeMap;

/// A connection and the client that it belonged to when it subscribed: connections are reused.
pub type Listener = (ConnId, u64);

/// Who listens to what, on one worker. Patterns in order of their bytes, listeners in order of their subscription.
#[derive(Default)]
pub struct Listeners {
    channels: BTreeMap<Box<[u8]>, Vec<Listener>>,
    shards: BTreeMap<Box<[u8]>, Vec<Listener>>,
    patterns: BTreeMap<Box<[u8]>, Vec<Listener>>,
}

impl Listeners {
    /// Whether nobody listens.
    pub fn is_empty(&self) -> bool {
        self.channels.is_empty() && self.shards.is_empty() && self.patterns.is_empty()
    }

    /// A client's subscription began or ended.
    pub fn note(&mut self, who: Listener, change: Change) {
        let Change { kind, name, began } = change;
        match (kind, began) {
            (Kind::Pattern, true) => self.patterns.entry(name).or_default().push(who),
            (Kind::Pattern, false) => {
                if self.patterns.get_mut(&name).is_some_and(|all| without(all, who)) {
                    self.patterns.remove(&name);
                }
            }
            (_, true) => self.names(kind).entry(name).or_default().push(who),
            (_, false) => {
                let names = self.names(kind);
                if names.get_mut(&name).is_some_and(|all| without(all, who)) {
                    names.remove(&name);
                }
            }
        }
    }

    /// The shard channels that somebody listens to, and those who do.
    pub fn shard_channels(&self) -> impl Iterator<Item = (&[u8], &[Listener])> {
        self.shards.iter().map(|(name, all)| (&**name, &**all))
    }

    /// Calls `deliver` for everybody whom a message concerns, first those of the channel. `proto` tells a listener's protocol, `None` if
    /// it is gone.
    pub fn deliver(
        &self,
        message: &Message,
        proto: impl Fn(Listener) -> Option<Proto>,
        mut deliver: impl FnMut(ConnId, &[u8]),
    ) {
        let names = if message.shard { &self.shards } else { &self.channels };
        if let Some(all) = names.get(&message.channel) {
            each(all, &proto, |proto, out| message.encode(proto, out), &mut deliver);
        }
        if message.shard {
            return;
        }
        for (pattern, all) in self.patterns.iter().filter(|(p, _)| glob::matches(p, &message.channel, false))
        {
            each(all, &proto, |proto, out| message.encode_for(pattern, proto, out), &mut deliver);
        }
    }

    fn names(&mut self, kind: Kind) -> &mut BTreeMap<Box<[u8]>, Vec<Listener>> {
        if kind == Kind::Shard { &mut self.shards } else { &mut self.channels }
    }
}

/// Encodes once per protocol, delivers to each.
fn each(
    all: &[Listener],
    proto: &impl Fn(Listener) -> Option<Proto>,
    encode: impl Fn(Proto, &mut Vec<u8>),
    deliver: &mut impl FnMut(ConnId, &[u8]),
) {
    let (mut two, mut three) = (Vec::new(), Vec::new());
    for who in all {
        let Some(proto) = proto(*who) else { continue };
        let bytes = if proto == Proto::Resp3 { &mut three } else { &mut two };
        if bytes.is_empty() {
            encode(proto, bytes);
        }
        deliver(who.0, bytes);
    }
}

/// Takes somebody out of a list; true if nobody is left.
fn without(all: &mut Vec<Listener>, who: Listener) -> bool {
    all.retain(|listener| *listener != who);
    all.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(kind: Kind, name: &[u8], began: bool) -> Change {
        Change { kind, name: name.into(), began }
    }

    fn told(listeners: &Listeners, message: &Message) -> Vec<(u32, String)> {
        let mut told = Vec::new();
        let proto =
            |who: Listener| (who.1 != 99).then_some(if who.1 == 3 { Proto::Resp3 } else { Proto::Resp2 });
        listeners.deliver(message, proto, |conn, bytes| {
            told.push((conn.0, String::from_utf8_lossy(bytes).replace("\r\n", " ")));
        });
        told
    }

    #[test]
    fn each_hears_in_its_protocol_and_the_gone_do_not() {
        let mut listeners = Listeners::default();
        listeners.note((ConnId(1), 2), change(Kind::Channel, b"c", true));
        listeners.note((ConnId(2), 3), change(Kind::Channel, b"c", true));
        listeners.note((ConnId(3), 99), change(Kind::Channel, b"c", true));
        listeners.note((ConnId(1), 2), change(Kind::Pattern, b"?", true));
        listeners.note((ConnId(1), 2), change(Kind::Shard, b"c", true));
        let message = Message { shard: false, channel: (*b"c").into(), text: (*b"hi").into() };
        let expect = [
            (1, "*3 $7 message $1 c $2 hi ".to_owned()),
            (2, ">3 $7 message $1 c $2 hi ".to_owned()),
            (1, "*4 $8 pmessage $1 ? $1 c $2 hi ".to_owned()),
        ];
        assert_eq!(told(&listeners, &message), expect);
        let sharded = Message { shard: true, ..message };
        assert_eq!(told(&listeners, &sharded), [(1, "*3 $8 smessage $1 c $2 hi ".to_owned())]);
        for kind in Kind::ALL {
            let name: &[u8] = if kind == Kind::Pattern { b"?" } else { b"c" };
            listeners.note((ConnId(1), 2), change(kind, name, false));
        }
        listeners.note((ConnId(2), 3), change(Kind::Channel, b"c", false));
        listeners.note((ConnId(3), 99), change(Kind::Channel, b"c", false));
        assert!(listeners.is_empty());
    }
}
