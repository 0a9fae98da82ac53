//! The process: files, logs, signals, CPUs.

use super::super::directive::{Directive, INT_MAX, LONG_MAX, int, row};
use super::super::kind::{Kind, Rule};
use super::super::number::Unit;
use super::TEXT;

pub(super) const ROWS: &[Directive] = &[
    row("always-show-logo", Kind::Bool, "no").immutable(),
    row("aof_rewrite_cpulist", TEXT, "").later(&["aof-rewrite-cpulist"]).immutable(),
    row("bgsave_cpulist", TEXT, "").later(&["bgsave-cpulist"]).immutable(),
    row("bio_cpulist", TEXT, "").later(&["bio-cpulist"]).immutable(),
    row("busy-reply-threshold", int(0, LONG_MAX), "5000").alias(&["lua-time-limit"]),
    row("crash-log-enabled", Kind::Bool, "yes"),
    row("crash-memcheck-enabled", Kind::Bool, "yes"),
    row("daemonize", Kind::Bool, "no").immutable(),
    row("databases", int(1, INT_MAX), "16").immutable(),
    row("debug-context", TEXT, "").hidden(),
    row("disable-thp", Kind::Bool, "yes").immutable(),
    row("dynamic-hz", Kind::Bool, "yes"),
    row("enable-debug-assert", Kind::Bool, "no").immutable().hidden(),
    row("extended-redis-compatibility", Kind::Bool, "no"),
    row("hide-user-data-from-log", Kind::Bool, "yes"),
    row("hz", Kind::Number { min: 0, max: INT_MAX, unit: Unit::Clamped { lowest: 1, highest: 500 } }, "10"),
    row("ignore-warnings", TEXT, ""),
    row("import-mode", Kind::Bool, "no"),
    row("locale-collate", TEXT, ""),
    row("log-format", Kind::Choice(&["legacy", "logfmt", "json"]), "legacy"),
    row("log-timestamp-format", Kind::Choice(&["legacy", "iso8601", "milliseconds"]), "legacy"),
    row("logfile", TEXT, "").immutable(),
    row("loglevel", Kind::Choice(&["debug", "verbose", "notice", "warning", "nothing"]), "notice"),
    row("lua-enable-deprecated-api", Kind::Bool, "no")
        .later(&["lua-enable-insecure-api"])
        .immutable()
        .hidden(),
    row("oom-score-adj", Kind::Choice(&["no", "yes", "relative", "absolute"]), "no"),
    row("oom-score-adj-values", Kind::OomValues, "0 200 800"),
    row("pidfile", TEXT, "").immutable(),
    row("proc-title-template", Kind::Text(Rule::Title), "{title} {listen-addr} {server-mode}"),
    row("redis-version", Kind::Text(Rule::Version), "7.2.4").immutable().hidden(),
    row("server_cpulist", TEXT, "").later(&["server-cpulist"]).immutable(),
    row("script-undeclared-keys", Kind::Choice(&["allow", "deny"]), "allow"),
    row("set-proc-title", Kind::Bool, "yes").immutable(),
    row("shutdown-on-sigint", Kind::Choices(&["default", "save", "nosave", "now", "force"]), "default"),
    row("shutdown-on-sigterm", Kind::Choices(&["default", "save", "nosave", "now", "force"]), "default"),
    row("shutdown-timeout", int(0, INT_MAX), "10"),
    row("supervised", Kind::Choice(&["upstart", "systemd", "auto", "no"]), "no").immutable(),
    row("syslog-enabled", Kind::Bool, "no").immutable(),
    row(
        "syslog-facility",
        Kind::Choice(&[
            "user", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
        ]),
        "local0",
    )
    .immutable(),
    row("syslog-ident", TEXT, "redis").immutable(),
    row("use-exit-on-panic", Kind::Bool, "no").hidden(),
    row("watchdog-period", int(0, INT_MAX), "0").hidden(),
];
