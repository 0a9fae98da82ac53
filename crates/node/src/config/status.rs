//! Which directives do something, which are safe to ignore, and which are refused.
//!
//! The two lists below are the only place that says so. `DIVERGENCES.md` prints [`harmless`].

use std::collections::HashMap;
use std::sync::LazyLock;

/// What setting a directive comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// It does what its documentation says.
    Built,
    /// It is accepted, kept and printed, and does nothing; the text says why that harms nobody.
    Harmless(&'static str),
    /// Any value but the default is refused, for ignoring it would mislead; the text says what is missing.
    Unbuilt(&'static str),
}

/// Directives that are accepted and do nothing, with the reason why that is harmless.
const HARMLESS: &[(&str, &[&str])] = &[
    (
        "tunes a part of Redis's machinery that Handfast does not have, and changes no answer",
        &[
            "activerehashing",
            "active-defrag-cycle-max",
            "active-defrag-cycle-min",
            "active-defrag-cycle-us",
            "active-defrag-ignore-bytes",
            "active-defrag-max-scan-fields",
            "active-defrag-threshold-lower",
            "active-defrag-threshold-upper",
            "dynamic-hz",
            "io-threads-always-active",
            "io-threads-do-reads",
            "jemalloc-bg-thread",
            "lazyfree-lazy-eviction",
            "lazyfree-lazy-expire",
            "lazyfree-lazy-server-del",
            "lazyfree-lazy-user-del",
            "lazyfree-lazy-user-flush",
            "list-compress-depth",
            "max-new-connections-per-cycle",
            "max-new-tls-connections-per-cycle",
            "min-io-threads-avoid-copy-reply",
            "min-string-size-avoid-copy-reply",
            "min-string-size-avoid-copy-reply-threaded",
            "mptcp",
            "prefetch-batch-max-size",
            "watchdog-period",
        ],
    ),
    (
        "asks the operating system for a favour that changes speed or priority, not behaviour",
        &[
            "aof_rewrite_cpulist",
            "bgsave_cpulist",
            "bio_cpulist",
            "disable-thp",
            "oom-score-adj",
            "oom-score-adj-values",
            "server_cpulist",
        ],
    ),
    (
        "concerns what Redis prints or checks when it starts or crashes",
        &[
            "always-show-logo",
            "crash-log-enabled",
            "crash-memcheck-enabled",
            "debug-context",
            "enable-debug-assert",
            "extended-redis-compatibility",
            "hide-user-data-from-log",
            "ignore-warnings",
            "req-res-logfile",
            "use-exit-on-panic",
        ],
    ),
    ("has no effect while syslog-enabled is no, and yes is refused", &["syslog-facility", "syslog-ident"]),
    (
        "has no effect while rdma-port is 0, and others are refused",
        &["rdma-bind", "rdma-completion-vector", "rdma-rx-size"],
    ),
    (
        "has no effect without TLS: tls-port, tls-cluster and tls-replication are refused",
        &[
            "tls-auth-clients",
            "tls-auth-clients-user",
            "tls-auto-reload-interval",
            "tls-ca-cert-dir",
            "tls-ca-cert-file",
            "tls-cert-file",
            "tls-ciphers",
            "tls-ciphersuites",
            "tls-client-cert-file",
            "tls-client-key-file",
            "tls-client-key-file-pass",
            "tls-dh-params-file",
            "tls-key-file",
            "tls-key-file-pass",
            "tls-prefer-server-ciphers",
            "tls-protocols",
            "tls-session-cache-size",
            "tls-session-cache-timeout",
            "tls-session-caching",
        ],
    ),
    (
        "concerns saving, which is not built yet; a warning at the start says that nothing is saved",
        &[
            "aof-disable-auto-gc",
            "aof-load-truncated",
            "aof-rewrite-incremental-fsync",
            "aof-timestamp-enabled",
            "aof-use-rdb-preamble",
            "appenddirname",
            "appendfilename",
            "appendfsync",
            "auto-aof-rewrite-min-size",
            "auto-aof-rewrite-percentage",
            "dbfilename",
            "key-load-delay",
            "loading-process-events-interval-bytes",
            "no-appendfsync-on-rewrite",
            "rdb-del-sync-files",
            "rdb-key-save-delay",
            "rdb-save-incremental-fsync",
            "rdb-version-check",
            "rdbchecksum",
            "save",
            "stop-writes-on-bgsave-error",
        ],
    ),
    ("asks for less than is always done: payloads are verified to the last byte", &["sanitize-dump-payload"]),
    (
        "concerns replicas, which are not built yet: replicaof and min-replicas-to-write are refused",
        &[
            "cluster-allow-replica-migration",
            "cluster-manual-failover-timeout",
            "cluster-migration-barrier",
            "cluster-replica-no-failover",
            "cluster-replica-validity-factor",
            "dual-channel-replication-enabled",
            "masterauth",
            "masteruser",
            "min-replicas-max-lag",
            "propagation-error-behavior",
            "repl-backlog-size",
            "repl-backlog-ttl",
            "repl-disable-tcp-nodelay",
            "repl-diskless-load",
            "repl-diskless-sync",
            "repl-diskless-sync-delay",
            "repl-diskless-sync-max-replicas",
            "repl-mptcp",
            "repl-ping-replica-period",
            "repl-rdb-channel",
            "repl-timeout",
            "replica-announce-ip",
            "replica-announce-port",
            "replica-announced",
            "replica-full-sync-buffer-limit",
            "replica-ignore-disk-write-errors",
            "replica-ignore-maxmemory",
            "replica-lazy-flush",
            "replica-priority",
            "replica-read-only",
            "replica-serve-stale-data",
            "shutdown-timeout",
        ],
    ),
    (
        "concerns eviction, which is not built yet; a warning at the start says so if maxmemory is set",
        &["maxmemory-eviction-tenacity", "maxmemory-samples"],
    ),
    (
        "concerns slot migration, which is not built yet",
        &["cluster-slot-migration-log-max-len", "slot-migration-max-failover-repl-bytes"],
    ),
    (
        "tunes a command or feature that is not built yet and answers an error, or an order that Handfast does not have",
        &["locale-collate", "tracking-table-max-keys"],
    ),
    ("offers scripts functions of old, which are not there", &["lua-enable-deprecated-api"]),
    (
        "concerns modules or users other than the default one, which are not built yet and answer an error",
        &["acl-pubsub-default", "acllog-max-len", "enable-module-command"],
    ),
    (
        "concerns the slow log and the measuring of latency, which are not built yet and show nothing",
        &[
            "commandlog-large-reply-max-len",
            "commandlog-large-request-max-len",
            "commandlog-reply-larger-than",
            "commandlog-request-larger-than",
            "latency-monitor-threshold",
            "latency-tracking",
            "latency-tracking-info-percentiles",
            "slowlog-log-slower-than",
            "slowlog-max-len",
        ],
    ),
];

/// Directives that are refused at any value but their default.
const UNBUILT: &[(&str, &[&str])] = &[
    ("there is no defragmentation", &["activedefrag"]),
    ("users are not built", &["aclfile"]),
    ("the append-only file is not built, writes would be lost", &["appendonly"]),
    ("links leave from any address", &["bind-source-addr"]),
    ("connections start in RESP2", &["client-default-resp"]),
    ("there are no statistics by slot", &["cluster-slot-stats-enabled"]),
    ("hashes are seeded at random", &["hash-seed"]),
    ("there is no import mode", &["import-mode"]),
    ("there is one log format", &["log-format", "log-timestamp-format"]),
    ("replication is not built", &["min-replicas-to-write", "replicaof"]),
    ("there is no RDMA", &["rdma-port"]),
    ("sockets are not marked", &["socket-mark-id"]),
    ("no supervisor is told of the start", &["supervised"]),
    ("the log goes to a file or to standard output", &["syslog-enabled"]),
    ("TLS is not built", &["tls-cluster", "tls-port", "tls-replication"]),
    ("the socket keeps its group", &["unixsocketgroup"]),
];

static STATUS: LazyLock<HashMap<&'static str, Status>> = LazyLock::new(|| {
    let harmless = harmless().map(|(name, why)| (name, Status::Harmless(why)));
    let unbuilt = flatten(UNBUILT).map(|(name, why)| (name, Status::Unbuilt(why)));
    harmless.chain(unbuilt).collect()
});

/// Directives that are accepted and ignored, with the reason, in the order of `DIVERGENCES.md`.
pub fn harmless() -> impl Iterator<Item = (&'static str, &'static str)> {
    flatten(HARMLESS)
}

/// Directives that are refused at any value but their default, with the reason.
pub fn unbuilt() -> impl Iterator<Item = (&'static str, &'static str)> {
    flatten(UNBUILT)
}

/// The status of the directive whose primary name is `name`.
pub fn of(name: &str) -> Status {
    STATUS.get(name).copied().unwrap_or(Status::Built)
}

fn flatten(
    list: &'static [(&'static str, &'static [&'static str])],
) -> impl Iterator<Item = (&'static str, &'static str)> {
    list.iter().flat_map(|(why, names)| names.iter().map(move |name| (*name, *why)))
}

#[cfg(test)]
mod tests {
    use super::super::table;
    use super::*;

    #[test]
    fn lists_name_rows_once() {
        let mut seen = std::collections::HashSet::new();
        for (name, _) in harmless().chain(unbuilt()) {
            assert!(table::rows().iter().any(|row| row.name == name), "{name} is no primary name");
            assert!(seen.insert(name), "{name} is listed twice");
        }
    }
}
