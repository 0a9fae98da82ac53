//! Who may connect to the bus port: networks and host names.

use std::net::IpAddr;

/// Entries of one list, at most.
pub const ALLOW_ENTRIES_MAX: usize = 1024;
/// Longest host name, in bytes.
const NAME_MAX: usize = 253;

/// One entry of `cluster-bus-allow`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AllowEntry {
    /// An address, or a network in CIDR notation.
    Network {
        /// Its address, as written.
        ip: IpAddr,
        /// Leading bits that count.
        bits: u8,
    },
    /// A host name, to be resolved.
    Name(String),
}

impl AllowEntry {
    /// Reads one; the error is a text for the operator.
    pub fn parse(text: &str) -> Result<AllowEntry, String> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        if let Ok(ip) = address.parse::<IpAddr>() {
            let all = if ip.is_ipv4() { 32 } else { 128 };
            let wanted = bits
                .map_or(Some(all), |b| base::num::parse_u64(b.as_bytes()).and_then(|n| u8::try_from(n).ok()));
            return match wanted.filter(|bits| *bits <= all) {
                Some(bits) => Ok(AllowEntry::Network { ip, bits }),
                None => Err(format!("'{text}' is no network: the prefix of {ip} has 0 to {all} bits")),
            };
        }
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.' || b == b'_';
        // A mistyped address must not become a name that never resolves.
        let named = address.bytes().any(|b| b.is_ascii_alphabetic()) && address.bytes().all(plain);
        match bits.is_none() && named && address.len() <= NAME_MAX {
            true => Ok(AllowEntry::Name(text.to_ascii_lowercase())),
            false => Err(format!(
                "'{text}' is neither an address, nor a network such as 10.0.0.0/8, nor a host name"
            )),
        }
    }

    fn covers(&self, peer: IpAddr) -> bool {
        match (self, peer) {
            (AllowEntry::Network { ip: IpAddr::V4(net), bits }, IpAddr::V4(ip)) => {
                same_prefix(u128::from(net.to_bits()) << 96, u128::from(ip.to_bits()) << 96, *bits)
            }
            (AllowEntry::Network { ip: IpAddr::V6(net), bits }, IpAddr::V6(ip)) => {
                same_prefix(net.to_bits(), ip.to_bits(), *bits)
            }
            _ => false,
        }
    }
}

fn same_prefix(a: u128, b: u128, bits: u8) -> bool {
    bits == 0 || (a ^ b) >> (128 - u32::from(bits)) == 0
}

/// `cluster-bus-allow`, with what its names mean at present. An empty list admits everybody.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AllowList {
    entries: Vec<AllowEntry>,
    resolved: Vec<IpAddr>,
}

impl AllowList {
    /// These entries; `resolved` are the addresses that the names among them have now.
    pub fn new(entries: Vec<AllowEntry>, resolved: Vec<IpAddr>) -> AllowList {
        AllowList { entries, resolved }
    }

    /// What its names mean now.
    pub fn resolve(&mut self, addresses: &[IpAddr]) {
        self.resolved = addresses.to_vec();
    }

    /// Whether it keeps anybody out.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The names, to be resolved outside.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().filter_map(|entry| match entry {
            AllowEntry::Name(name) => Some(name.as_str()),
            AllowEntry::Network { .. } => None,
        })
    }

    /// Whether `peer` may connect. This machine always may: whoever runs here has easier ways.
    pub fn admits(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.is_empty()
            || peer.is_loopback()
            || self.entries.iter().any(|entry| entry.covers(peer))
            || self.resolved.contains(&peer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn list(entries: &[&str], resolved: &[&str]) -> AllowList {
        let entries = entries.iter().map(|e| AllowEntry::parse(e).expect("an entry")).collect();
        AllowList::new(entries, resolved.iter().map(|ip| ip.parse().expect("an address")).collect())
    }

    fn check(list: &AllowList, peer: &str, expect: bool) {
        assert_eq!(list.admits(peer.parse().expect("an address")), expect, "{peer} by {list:?}");
    }

    #[test]
    fn networks_names_and_this_machine() {
        let some = list(&["10.1.0.0/16", "192.168.7.9", "fd00::/8", "Node.example"], &["172.16.0.5"]);
        for peer in
            ["10.1.2.3", "::ffff:10.1.2.3", "192.168.7.9", "fdab::1", "172.16.0.5", "127.0.0.1", "::1"]
        {
            check(&some, peer, true);
        }
        for peer in ["10.2.0.1", "192.168.7.8", "fe80::1", "172.16.0.6", "::ffff:10.2.0.1"] {
            check(&some, peer, false);
        }
        assert_eq!(some.names().collect::<Vec<_>>(), ["node.example"]);
        check(&AllowList::default(), "8.8.8.8", true);
        check(&list(&["0.0.0.0/0"], &[]), "8.8.8.8", true);
        check(&list(&["0.0.0.0/0"], &[]), "2001::1", false);
    }

    #[test]
    fn mistakes_are_named() {
        for bad in [
            "10.0.0.0/33",
            "::/129",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "10.0.0.0/-1",
            "10.0.0",
            "1.2.3.4.5",
            "a/8",
            "",
            "a b",
            "*",
        ] {
            assert!(AllowEntry::parse(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_network_holds_what_shares_its_first_bits(net: u32, peer: u32, bits in 0u8..=32) {
            let naive = (0..bits).all(|i| (net ^ peer) >> (31 - u32::from(i)) & 1 == 0);
            let entry = AllowEntry::Network { ip: IpAddr::V4(net.into()), bits };
            prop_assert_eq!(entry.covers(IpAddr::V4(peer.into())), naive);
        }
    }
}
