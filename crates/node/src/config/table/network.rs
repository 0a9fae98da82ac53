//! Listening, clients, and who may do what.

use super::super::directive::{Directive, INT_MAX, LONG_MAX, PORT, UINT_MAX, int, memory, row};
use super::super::kind::Kind;
use super::super::number::Unit;
use super::TEXT;

pub(super) const ROWS: &[Directive] = &[
    row("acl-pubsub-default", Kind::Choice(&["allchannels", "resetchannels"]), "resetchannels"),
    row("aclfile", TEXT, "").immutable(),
    row("acllog-max-len", int(0, LONG_MAX), "128"),
    row("bind", Kind::Addresses, "* -::*"),
    row("bind-source-addr", TEXT, ""),
    row("client-default-resp", int(2, 3), "2").immutable().hidden(),
    row(
        "client-output-buffer-limit",
        Kind::OutputLimits,
        "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60",
    ),
    row("client-query-buffer-limit", memory(1048576, LONG_MAX), "1073741824"),
    row("enable-debug-command", Kind::Choice(&["no", "yes", "local"]), "no").immutable(),
    row("enable-module-command", Kind::Choice(&["no", "yes", "local"]), "no").immutable(),
    row("enable-protected-configs", Kind::Choice(&["no", "yes", "local"]), "no").immutable(),
    row("io-threads", int(1, 256), "1").immutable(),
    row("io-threads-always-active", Kind::Bool, "no").hidden(),
    row("io-threads-do-reads", Kind::Bool, "no").immutable(),
    row("max-new-connections-per-cycle", int(1, 1000), "10"),
    row("max-new-tls-connections-per-cycle", int(1, 1000), "1"),
    row("maxclients", int(1, UINT_MAX), "10000"),
    row("mptcp", Kind::Bool, "no").immutable().hidden(),
    row("notify-keyspace-events", Kind::Events, ""),
    row("port", PORT, "6379"),
    row("protected-mode", Kind::Bool, "yes"),
    row("proto-max-bulk-len", memory(1048576, LONG_MAX), "536870912"),
    row("rdma-bind", Kind::Addresses, ""),
    row("rdma-completion-vector", int(-1, 1024), "-1").immutable().hidden(),
    row("rdma-port", PORT, "0"),
    row("rdma-rx-size", int(65536, 16777216), "1048576").immutable().hidden(),
    row("req-res-logfile", TEXT, "").immutable().hidden(),
    row("requirepass", TEXT, "").secret(),
    row("socket-mark-id", int(0, UINT_MAX), "0").immutable(),
    row("tcp-backlog", int(0, INT_MAX), "511").immutable(),
    row("tcp-keepalive", int(0, INT_MAX), "300"),
    row("timeout", int(0, INT_MAX), "0"),
    row("unixsocket", TEXT, "").immutable(),
    row("unixsocketgroup", TEXT, "").immutable().hidden(),
    row("unixsocketperm", Kind::Number { min: 0, max: 0o777, unit: Unit::Octal }, "0").immutable(),
];
