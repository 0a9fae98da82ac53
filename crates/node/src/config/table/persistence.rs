//! RDB and AOF.

use super::super::directive::{Directive, INT_MAX, INT_MIN, LONG_MAX, int, memory, row};
use super::super::kind::{Kind, Rule};
use super::TEXT;

pub(super) const ROWS: &[Directive] = &[
    row("aof-disable-auto-gc", Kind::Bool, "no").hidden(),
    row("aof-load-truncated", Kind::Bool, "yes"),
    row("aof-rewrite-incremental-fsync", Kind::Bool, "yes"),
    row("aof-timestamp-enabled", Kind::Bool, "no"),
    row("aof-use-rdb-preamble", Kind::Bool, "yes"),
    row("appenddirname", Kind::Text(Rule::NamedDirectory), "appendonlydir").immutable(),
    row("appendfilename", Kind::Text(Rule::NamedFile), "appendonly.aof").immutable(),
    row("appendfsync", Kind::Choice(&["everysec", "always", "no"]), "everysec"),
    row("appendonly", Kind::Bool, "no").not_loading(),
    row("auto-aof-rewrite-min-size", memory(0, LONG_MAX), "67108864"),
    row("auto-aof-rewrite-percentage", int(0, INT_MAX), "100"),
    row("dbfilename", Kind::Text(Rule::FileName), "dump.rdb").protected(),
    row("dir", TEXT, "").protected().not_loading(),
    row("no-appendfsync-on-rewrite", Kind::Bool, "no"),
    row("rdb-del-sync-files", Kind::Bool, "no"),
    row("rdb-key-save-delay", int(INT_MIN, INT_MAX), "0").hidden(),
    row("rdb-save-incremental-fsync", Kind::Bool, "yes"),
    row("rdb-version-check", Kind::Choice(&["strict", "relaxed"]), "strict"),
    row("rdbchecksum", Kind::Bool, "yes").immutable(),
    row("rdbcompression", Kind::Bool, "yes"),
    row("sanitize-dump-payload", Kind::Choice(&["no", "yes", "clients"]), "no"),
    row("save", Kind::Save, "3600 1 300 100 60 10000"),
    row("stop-writes-on-bgsave-error", Kind::Bool, "yes"),
];
