//! Addresses of nodes: what they announce, what we see, and what we tell of ourselves.

use crate::settings::Settings;
use std::net::{IpAddr, SocketAddr};

/// Distance of the bus port from the client port when nothing else is said.
pub const BUS_PORT_OFFSET: u16 = 10_000;

/// Where a node is reached. Ports are 0 if unknown; the IP is text as announced, empty if unknown.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Place {
    pub ip: String,
    pub tcp: u16,
    pub tls: u16,
    pub bus: u16,
}

impl Place {
    /// From the pair of ports of a header or gossip entry, decoded with our own `tls-cluster`.
    pub fn from_wire(ip: String, port: u16, pport: u16, cport: u16, tls_cluster: bool) -> Place {
        let (tcp, tls) = if tls_cluster { (pport, port) } else { (port, pport) };
        Place { ip, tcp, tls, bus: cport }
    }

    /// The pair as it stands on the wire: the port of the bus's transport, then the other.
    pub fn wire_ports(&self, tls_cluster: bool) -> (u16, u16) {
        if tls_cluster { (self.tls, self.tcp) } else { (self.tcp, self.tls) }
    }

    /// Where its bus listens; `None` if it cannot be dialled.
    pub fn bus_addr(&self) -> Option<SocketAddr> {
        let ip: IpAddr = self.ip.parse().ok()?;
        (self.bus != 0).then(|| SocketAddr::new(ip, self.bus))
    }

    /// `ip:port`, the port being the plain one if there is one; IPv6 in brackets.
    pub fn ip_port(&self) -> String {
        let port = if self.tcp != 0 { self.tcp } else { self.tls };
        match self.ip.contains(':') {
            true => format!("[{}]:{port}", self.ip),
            false => format!("{}:{port}", self.ip),
        }
    }

    /// `ip:port@bus-port`.
    pub fn address(&self) -> String {
        format!("{}@{}", self.ip_port(), self.bus)
    }

    /// What this node says of its own ports, given its own IP.
    pub fn of_myself(settings: &Settings, ip: String) -> Place {
        let or = |announced: u16, real: u16| if announced != 0 { announced } else { real };
        Place {
            ip,
            tcp: or(settings.announce_port, settings.port),
            tls: or(settings.announce_tls_port, settings.tls_port),
            bus: or(settings.announce_bus_port, settings.bus_port),
        }
    }
}

/// A peer's address as text; an IPv4 client of a dual-stack listener is an IPv4 address.
pub(crate) fn ip_text(ip: IpAddr) -> String {
    ip.to_canonical().to_string()
}
