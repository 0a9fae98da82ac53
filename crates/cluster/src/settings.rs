//! What the operator configured. All of it but the ports and the file name may change at run time.

use crate::allow::AllowList;
use crate::view::EndpointType;

/// `cluster-bus-verify`: what becomes of claims that come over links which others dialled.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Verify {
    /// Nothing but what a node says on the link that we dialled to it counts.
    Strict,
    /// They are taken, and what the node does not confirm is logged with its source.
    #[default]
    Warn,
    /// They are taken.
    Off,
}

/// Default of [`Settings::accepted_links_max`].
pub const ACCEPTED_LINKS_MAX: usize = 6000;

/// The directives of `cluster-behaviour.md` §8.7 that the machine acts on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    /// `cluster-node-timeout`, milliseconds.
    pub node_timeout_ms: u64,
    /// Plain client port, 0 if there is none.
    pub port: u16,
    /// TLS client port, 0 if there is none.
    pub tls_port: u16,
    /// `tls-cluster`: which of the two ports goes first on the wire.
    pub tls_cluster: bool,
    /// The bus port that this node listens on.
    pub bus_port: u16,
    /// `cluster-config-file`.
    pub config_file: String,
    /// `cluster-announce-ip`, empty if unset.
    pub announce_ip: String,
    /// `cluster-announce-port`, 0 if unset.
    pub announce_port: u16,
    /// `cluster-announce-tls-port`, 0 if unset.
    pub announce_tls_port: u16,
    /// `cluster-announce-bus-port`, 0 if unset.
    pub announce_bus_port: u16,
    /// `cluster-announce-hostname`, empty if unset.
    pub announce_hostname: String,
    /// `cluster-announce-human-nodename`, empty if unset.
    pub announce_human_nodename: String,
    /// `cluster-announce-client-ipv4`, empty if unset.
    pub announce_client_ipv4: String,
    /// `cluster-announce-client-ipv6`, empty if unset.
    pub announce_client_ipv6: String,
    /// `cluster-announce-client-port`, 0 if unset.
    pub announce_client_port: u16,
    /// `cluster-announce-client-tls-port`, 0 if unset.
    pub announce_client_tls_port: u16,
    /// `availability-zone`, empty if unset.
    pub availability_zone: String,
    /// `cluster-preferred-endpoint-type`.
    pub preferred_endpoint: EndpointType,
    /// `cluster-require-full-coverage`.
    pub require_full_coverage: bool,
    /// `cluster-allow-reads-when-down`.
    pub allow_reads_when_down: bool,
    /// `cluster-allow-pubsubshard-when-down`.
    pub allow_pubsubshard_when_down: bool,
    /// `cluster-replica-no-failover`: announced, and shown in our flags.
    pub replica_no_failover: bool,
    /// `cluster-link-sendbuf-limit`, bytes; 0 is no limit.
    pub link_sendbuf_limit: usize,
    /// `cluster-ping-interval`, milliseconds; 0 is half the node timeout.
    pub ping_interval_ms: u64,
    /// `cluster-message-gossip-perc`, 1 to 100.
    pub gossip_percent: u64,
    /// `cluster-blacklist-ttl`, seconds.
    pub blacklist_ttl_s: u64,
    /// Records kept of each class of CLUSTER LOG; at most [`crate::RECORDS_MAX`]. Not changed at run time.
    pub records_max: usize,
    /// Each record that is not mere noise is an [`crate::Event::Recorded`] too: for traces.
    pub tells_records: bool,
    /// `cluster-config-save-behavior best-effort`: a failed save does not end the process.
    pub save_best_effort: bool,
    /// `cluster-bus-verify`.
    pub bus_verify: Verify,
    /// `cluster-bus-allow`.
    pub bus_allow: AllowList,
    /// Connections that others may have to the bus port: the bus's share of the process's descriptors.
    pub accepted_links_max: usize,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            node_timeout_ms: 15_000,
            port: 6379,
            tls_port: 0,
            tls_cluster: false,
            bus_port: 16379,
            config_file: "nodes.conf".to_string(),
            announce_ip: String::new(),
            announce_port: 0,
            announce_tls_port: 0,
            announce_bus_port: 0,
            announce_hostname: String::new(),
            announce_human_nodename: String::new(),
            announce_client_ipv4: String::new(),
            announce_client_ipv6: String::new(),
            announce_client_port: 0,
            announce_client_tls_port: 0,
            availability_zone: String::new(),
            preferred_endpoint: EndpointType::Ip,
            require_full_coverage: true,
            allow_reads_when_down: false,
            allow_pubsubshard_when_down: true,
            replica_no_failover: false,
            link_sendbuf_limit: 0,
            ping_interval_ms: 0,
            gossip_percent: 10,
            blacklist_ttl_s: 60,
            records_max: crate::RECORDS_MAX,
            tells_records: false,
            save_best_effort: false,
            bus_verify: Verify::default(),
            bus_allow: AllowList::default(),
            accepted_links_max: ACCEPTED_LINKS_MAX,
        }
    }
}

impl Settings {
    /// Node timeout in microseconds, the unit of [`base::Mono`].
    pub(crate) fn timeout_us(&self) -> u64 {
        self.node_timeout_ms.saturating_mul(1000)
    }

    /// How long a handshake may take: the node timeout, one second at least.
    pub(crate) fn handshake_timeout_us(&self) -> u64 {
        self.timeout_us().max(1_000_000)
    }

    /// Longest silence of a healthy node before it is pinged.
    pub(crate) fn ping_interval_us(&self) -> u64 {
        match self.ping_interval_ms {
            0 => self.timeout_us() / 2,
            ms => ms.saturating_mul(1000),
        }
    }
}
