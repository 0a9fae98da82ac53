//! The cluster bus and what it announces.

use super::super::directive::{Directive, INT_MAX, LONG_MAX, PORT, U64_MAX, int, memory, row};
use super::super::kind::{Kind, Rule};
use super::TEXT;

pub(super) const ROWS: &[Directive] = &[
    row("availability-zone", TEXT, ""),
    row("cluster-allow-pubsubshard-when-down", Kind::Bool, "yes"),
    row("cluster-allow-reads-when-down", Kind::Bool, "no"),
    row("cluster-allow-replica-migration", Kind::Bool, "yes"),
    row("cluster-announce-bus-port", PORT, "0"),
    row("cluster-announce-client-ipv4", Kind::Text(Rule::Ipv4), ""),
    row("cluster-announce-client-ipv6", Kind::Text(Rule::Ipv6), ""),
    row("cluster-announce-client-port", PORT, "0"),
    row("cluster-announce-client-tls-port", PORT, "0"),
    row("cluster-announce-hostname", Kind::Text(Rule::Hostname), ""),
    row("cluster-announce-human-nodename", Kind::Text(Rule::NodeName), ""),
    row("cluster-announce-ip", Kind::Text(Rule::Endpoint), ""),
    row("cluster-announce-port", PORT, "0"),
    row("cluster-announce-tls-port", PORT, "0"),
    row("cluster-blacklist-ttl", int(0, LONG_MAX), "60"),
    row("cluster-bus-allow", Kind::Networks, ""),
    row("cluster-bus-port-protected-mode", Kind::Bool, "no"),
    row("cluster-bus-verify", Kind::Choice(&["strict", "warn", "off"]), "warn"),
    row("cluster-config-file", TEXT, "nodes.conf").immutable(),
    row("cluster-config-save-behavior", Kind::Choice(&["sync", "best-effort"]), "sync"),
    row("cluster-databases", int(1, INT_MAX), "1").immutable().hidden(),
    row("cluster-enabled", Kind::Bool, "no").immutable(),
    row("cluster-link-sendbuf-limit", memory(0, U64_MAX), "0"),
    row("cluster-manual-failover-timeout", int(1, LONG_MAX), "5000"),
    row("cluster-message-gossip-perc", int(1, 100), "10").hidden(),
    row("cluster-migration-barrier", int(0, INT_MAX), "1"),
    row("cluster-node-timeout", int(0, LONG_MAX), "15000"),
    row("cluster-ping-interval", int(0, LONG_MAX), "0").hidden(),
    row("cluster-port", PORT, "0").immutable(),
    row("cluster-preferred-endpoint-type", Kind::Choice(&["ip", "hostname", "unknown-endpoint"]), "ip"),
    row("cluster-replica-no-failover", Kind::Bool, "no").alias(&["cluster-slave-no-failover"]),
    row("cluster-replica-validity-factor", int(0, INT_MAX), "10").alias(&["cluster-slave-validity-factor"]),
    row("cluster-require-full-coverage", Kind::Bool, "yes"),
    row("cluster-slot-migration-log-max-len", int(0, LONG_MAX), "1000"),
    row("cluster-slot-stats-enabled", Kind::Bool, "no"),
    row("slot-migration-max-failover-repl-bytes", memory(-1, LONG_MAX), "0"),
];
