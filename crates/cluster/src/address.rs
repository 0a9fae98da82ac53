//! Where a node is, and where a client is told to go.

/// Where a node is. Texts are empty and ports 0 where nothing is known.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct NodeAddress {
    /// Its address, [`crate::wire::address_ok`].
    pub ip: String,
    /// Port for clients without TLS.
    pub tcp_port: u16,
    /// Port for clients with TLS.
    pub tls_port: u16,
    /// Port of the bus.
    pub bus_port: u16,
    /// Announced host name, [`crate::wire::hostname_ok`].
    pub hostname: String,
    /// What it wants clients to use instead.
    pub client: ClientAddress,
    /// Announced availability zone, [`crate::wire::text_ok`].
    pub availability_zone: String,
}

/// An address announced for clients only; empty and 0 = not announced.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct ClientAddress {
    /// For clients that came over IPv4.
    pub ipv4: String,
    /// For clients that came over IPv6.
    pub ipv6: String,
    /// For clients without TLS.
    pub tcp_port: u16,
    /// For clients with TLS.
    pub tls_port: u16,
}

/// `cluster-preferred-endpoint-type`.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum EndpointType {
    /// The node's address.
    #[default]
    Ip,
    /// Its announced host name.
    Hostname,
    /// Nothing: clients go on with the address they have.
    UnknownEndpoint,
}

/// How the asking client is connected; of a script, its caller.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Audience {
    /// Came over TLS.
    pub tls: bool,
    /// Came over IPv6.
    pub ipv6: bool,
}

impl NodeAddress {
    /// The address for this client: the one announced for its family, else the node's own.
    pub fn ip_for(&self, audience: Audience) -> &str {
        let announced = if audience.ipv6 { &self.client.ipv6 } else { &self.client.ipv4 };
        if announced.is_empty() { &self.ip } else { announced }
    }

    /// The port for this client's transport.
    pub fn port_for(&self, audience: Audience) -> u16 {
        if audience.tls { self.tls_port_for_clients() } else { self.tcp_port_for_clients() }
    }

    pub(crate) fn tcp_port_for_clients(&self) -> u16 {
        if self.client.tcp_port == 0 { self.tcp_port } else { self.client.tcp_port }
    }

    pub(crate) fn tls_port_for_clients(&self) -> u16 {
        if self.client.tls_port == 0 { self.tls_port } else { self.client.tls_port }
    }

    /// The endpoint for this client (spec `cluster-behaviour.md` §8.3): `?` for an unknown host name, empty
    /// for [`EndpointType::UnknownEndpoint`].
    pub fn endpoint(&self, kind: EndpointType, audience: Audience) -> &str {
        match kind {
            EndpointType::Ip => self.ip_for(audience),
            EndpointType::Hostname if self.hostname.is_empty() => "?",
            EndpointType::Hostname => &self.hostname,
            EndpointType::UnknownEndpoint => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::samples::view;

    #[test]
    fn announced_addresses_come_first() {
        let mut node = view(0).nodes.remove(0).address;
        let (plain, tls) = (Audience::default(), Audience { tls: true, ipv6: true });
        node.tls_port = 6001;
        assert_eq!((node.ip_for(plain), node.port_for(plain)), ("10.0.0.1", 7001));
        assert_eq!((node.ip_for(tls), node.port_for(tls)), ("10.0.0.1", 6001));
        node.client.ipv4 = "192.0.2.1".to_owned();
        (node.client.tcp_port, node.client.tls_port) = (1, 2);
        assert_eq!((node.ip_for(plain), node.port_for(plain)), ("192.0.2.1", 1));
        assert_eq!((node.ip_for(tls), node.port_for(tls)), ("10.0.0.1", 2));
        node.client.ipv6 = "2001:db8::1".to_owned();
        assert_eq!(node.endpoint(EndpointType::Ip, tls), "2001:db8::1");
    }

    #[test]
    fn endpoint_types() {
        let mut node = view(0).nodes.remove(0).address;
        let who = Audience::default();
        assert_eq!(node.endpoint(EndpointType::Ip, who), "10.0.0.1");
        assert_eq!(node.endpoint(EndpointType::Hostname, who), "?");
        assert_eq!(node.endpoint(EndpointType::UnknownEndpoint, who), "");
        node.hostname = "a.example".to_owned();
        assert_eq!(node.endpoint(EndpointType::Hostname, who), "a.example");
    }
}
