//! Which family a peer belongs to, and what its type-4 extension means.

use super::bytes::until_nul;
use super::{Body, Extension, Header, MsgFlags, NodeFlags};
use base::id::ID_LEN;

/// A peer's family, by its own packets (spec `cluster-bus.md` §6.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PeerClass {
    /// Takes light headers: Valkey 8 and later, and this project.
    Valkey,
    /// Understands extensions, knows no light headers: Redis 7.2 and later.
    Redis,
    /// Knows the host name and no other extension, and shows it only while it has one itself: Redis 7.0.
    Hostname,
    /// Shows no extensions.
    Old,
}

impl PeerClass {
    /// The class that this packet shows; `None` if it says nothing about it. A Redis 7.0 marks only what carries its
    /// host name, its successors mark every packet, and none of those attaches a list without the name of its shard.
    pub fn of(header: &Header, body: &Body) -> Option<PeerClass> {
        if header.flags.intersects(NodeFlags::LIGHT_PUBLISH | NodeFlags::LIGHT_MODULE) {
            return Some(PeerClass::Valkey);
        }
        let marked = header.mflags.contains(MsgFlags::EXT_DATA);
        let Body::Ping { extensions, .. } = body else {
            return marked.then_some(PeerClass::Redis);
        };
        let names_shard = extensions.iter().any(|e| matches!(e, Extension::ShardId(_)));
        Some(match marked {
            false => PeerClass::Old,
            true if extensions.is_empty() || names_shard => PeerClass::Redis,
            true => PeerClass::Hostname,
        })
    }
}

/// The meanings of [`super::Extension::Type4`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Type4 {
    /// Redis: forty characters that nodes of a cluster agree on.
    Secret([u8; ID_LEN]),
    /// Valkey: the address that clients shall use.
    ClientIpv4(String),
    /// Nothing that makes sense from this peer.
    Nothing,
}

impl Type4 {
    /// Reads the extension's data as its sender means it; an unclassified sender is judged by the data.
    pub fn read(class: Option<PeerClass>, data: &[u8]) -> Type4 {
        let secret = || data.first_chunk().filter(|s| !s.contains(&0)).map(|s| Type4::Secret(*s));
        let address = || {
            let text = std::str::from_utf8(until_nul(data)).ok()?;
            let terminated = text.len() < data.len();
            (terminated && text.parse::<std::net::Ipv4Addr>().is_ok())
                .then(|| Type4::ClientIpv4(text.to_owned()))
        };
        let meaning = match class {
            Some(PeerClass::Valkey) => address(),
            Some(PeerClass::Redis) => secret(),
            Some(PeerClass::Hostname | PeerClass::Old) => None,
            None if data.len() == ID_LEN => secret().or_else(address),
            None => address(),
        };
        meaning.unwrap_or(Type4::Nothing)
    }

    /// The data that announces a client address, padding included.
    pub fn client_ipv4(address: std::net::Ipv4Addr) -> Vec<u8> {
        let mut data = address.to_string().into_bytes();
        data.resize((data.len() + 1).next_multiple_of(8), 0);
        data
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_4_means_what_its_sender_means() {
        let address = Type4::client_ipv4(std::net::Ipv4Addr::new(192, 0, 2, 15));
        assert_eq!(address.len(), 16);
        let ip = Type4::ClientIpv4("192.0.2.15".to_owned());
        let secret = Type4::Secret([b'a'; 40]);
        let check = |class, data: &[u8], expect: &Type4| assert_eq!(Type4::read(class, data), *expect);
        check(Some(PeerClass::Valkey), &address, &ip);
        check(None, &address, &ip);
        check(Some(PeerClass::Redis), &address, &Type4::Nothing);
        check(Some(PeerClass::Old), &address, &Type4::Nothing);
        check(Some(PeerClass::Redis), &[b'a'; 40], &secret);
        check(None, &[b'a'; 40], &secret);
        check(Some(PeerClass::Valkey), &[b'a'; 40], &Type4::Nothing);
        check(None, b"", &Type4::Nothing);
        check(None, b"1.2.3.4x", &Type4::Nothing);
        check(None, b"1.2.3.44", &Type4::Nothing);
    }

    #[test]
    fn classes_go_by_what_a_packet_shows() {
        let id = base::NodeId::parse(&[b'a'; 40]).expect("valid");
        let ping =
            |extensions| Body::Ping { kind: crate::wire::PingKind::Ping, gossip: Vec::new(), extensions };
        let check = |marked, flags: NodeFlags, body: Body, expect| {
            let mut header = Header::new(id);
            header.mflags = if marked { MsgFlags::EXT_DATA } else { MsgFlags::default() };
            header.flags.insert(flags);
            assert_eq!(PeerClass::of(&header, &body), expect, "{header:?} {body:?}");
        };
        let none = NodeFlags::default();
        let hostname = || Extension::Hostname("h".to_owned());
        check(false, none, ping(Vec::new()), Some(PeerClass::Old));
        check(true, none, ping(Vec::new()), Some(PeerClass::Redis));
        check(true, none, ping(vec![hostname()]), Some(PeerClass::Hostname));
        check(true, none, ping(vec![hostname(), Extension::ShardId(id)]), Some(PeerClass::Redis));
        check(true, none, Body::AuthAck, Some(PeerClass::Redis));
        check(false, none, Body::AuthAck, None);
        check(true, NodeFlags::LIGHT_PUBLISH, ping(vec![hostname()]), Some(PeerClass::Valkey));
        check(false, NodeFlags::LIGHT_MODULE, Body::AuthAck, Some(PeerClass::Valkey));
    }
}
