//! Where a node is: `HOST:PORT`, as operators write it.

use std::fmt;
use std::str::FromStr;

/// What is added to a client port for the bus, unless an address says otherwise.
pub const BUS_PORT_OFFSET: u16 = 10000;

/// A node's address for clients, and its bus port if that is not the usual one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NodeAddr {
    /// A name or an IP address; IPv6 without brackets.
    pub host: String,
    /// For clients.
    pub port: u16,
    /// Written as `@PORT` after the client port.
    pub bus_port: Option<u16>,
}

/// Not an address.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("'{0}' is not an address: write HOST:PORT, such as 127.0.0.1:7000 or [::1]:7000")]
pub struct BadAddress(String);

impl NodeAddr {
    /// An address with the usual bus port.
    pub fn new(host: impl Into<String>, port: u16) -> NodeAddr {
        NodeAddr { host: host.into(), port, bus_port: None }
    }
}

impl FromStr for NodeAddr {
    type Err = BadAddress;

    /// `HOST:PORT[@BUSPORT]`, split at the last colon; a port alone is one of this machine.
    fn from_str(text: &str) -> Result<NodeAddr, BadAddress> {
        let bad = || BadAddress(text.to_owned());
        let (client, bus) = match text.split_once('@') {
            Some((client, bus)) => (client, Some(port(bus).ok_or_else(bad)?)),
            None => (text, None),
        };
        let (host, client_port) = client.rsplit_once(':').unwrap_or(("", client));
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let host = if host.is_empty() { "127.0.0.1" } else { host };
        if host.contains(char::is_whitespace) {
            return Err(bad());
        }
        Ok(NodeAddr { host: host.to_owned(), port: port(client_port).ok_or_else(bad)?, bus_port: bus })
    }
}

fn port(text: &str) -> Option<u16> {
    text.parse().ok().filter(|port| *port != 0)
}

impl fmt::Display for NodeAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, host: &str, port: u16, bus_port: Option<u16>) {
        assert_eq!(text.parse(), Ok(NodeAddr { host: host.into(), port, bus_port }), "{text}");
    }

    #[test]
    fn addresses_are_read() {
        check("10.0.0.1:7000", "10.0.0.1", 7000, None);
        check("node-1.example:7000@7100", "node-1.example", 7000, Some(7100));
        check("[::1]:7000", "::1", 7000, None);
        check("fe80::1:7000", "fe80::1", 7000, None);
        check("7000", "127.0.0.1", 7000, None);
        check(":7000", "127.0.0.1", 7000, None);
    }

    #[test]
    fn other_text_is_refused() {
        for text in ["", "host", "host:", "host:0", "host:70000", "host:7000@", "host:7000@x", "a b:7000"] {
            assert!(text.parse::<NodeAddr>().is_err(), "{text}");
        }
    }

    #[test]
    fn addresses_are_written_as_they_are_read() {
        for text in ["10.0.0.1:7000", "[::1]:7000"] {
            assert_eq!(text.parse::<NodeAddr>().unwrap().to_string(), text);
        }
    }
}
