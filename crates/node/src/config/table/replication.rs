//! Primaries and replicas.

use super::super::directive::{Directive, INT_MAX, LONG_MAX, PORT, int, memory, row};
use super::super::kind::Kind;
use super::TEXT;

pub(super) const ROWS: &[Directive] = &[
    row("dual-channel-replication-enabled", Kind::Bool, "no"),
    row("masterauth", TEXT, "").later(&["primaryauth"]).secret(),
    row("masteruser", TEXT, "").later(&["primaryuser"]).secret(),
    row("min-replicas-max-lag", int(0, INT_MAX), "10").alias(&["min-slaves-max-lag"]),
    row("min-replicas-to-write", int(0, INT_MAX), "0").alias(&["min-slaves-to-write"]),
    row("propagation-error-behavior", Kind::Choice(&["ignore", "panic", "panic-on-replicas"]), "ignore"),
    row("repl-backlog-size", memory(1, LONG_MAX), "1048576"),
    row("repl-backlog-ttl", int(0, LONG_MAX), "3600"),
    row("repl-disable-tcp-nodelay", Kind::Bool, "no"),
    row(
        "repl-diskless-load",
        Kind::Choice(&["disabled", "on-empty-db", "swapdb", "flush-before-load"]),
        "disabled",
    )
    .not_loading(),
    row("repl-diskless-sync", Kind::Bool, "yes"),
    row("repl-diskless-sync-delay", int(0, INT_MAX), "5"),
    row("repl-diskless-sync-max-replicas", int(0, INT_MAX), "0"),
    row("repl-mptcp", Kind::Bool, "no").immutable().hidden(),
    row("repl-ping-replica-period", int(1, INT_MAX), "10").alias(&["repl-ping-slave-period"]),
    row("repl-rdb-channel", Kind::Bool, "yes").hidden(),
    row("repl-timeout", int(1, INT_MAX), "60"),
    row("replica-announce-ip", TEXT, "").alias(&["slave-announce-ip"]),
    row("replica-announce-port", PORT, "0").alias(&["slave-announce-port"]),
    row("replica-announced", Kind::Bool, "yes"),
    row("replica-full-sync-buffer-limit", memory(0, LONG_MAX), "0").hidden(),
    row("replica-ignore-disk-write-errors", Kind::Bool, "no"),
    row("replica-ignore-maxmemory", Kind::Bool, "yes").alias(&["slave-ignore-maxmemory"]),
    row("replica-lazy-flush", Kind::Bool, "no").alias(&["slave-lazy-flush"]),
    row("replica-priority", int(0, INT_MAX), "100").alias(&["slave-priority"]),
    row("replica-read-only", Kind::Bool, "yes").alias(&["slave-read-only"]),
    row("replica-serve-stale-data", Kind::Bool, "yes").alias(&["slave-serve-stale-data"]),
    row("replicaof", Kind::Primary, "").alias(&["slaveof"]).immutable(),
];
