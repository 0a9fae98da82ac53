//! Every directive of Redis 7.0.15 and Valkey 9.1, a row each.

mod cluster;
mod data;
mod network;
mod persistence;
mod process;
mod replication;
mod tls;

use std::collections::HashMap;
use std::sync::LazyLock;

use super::directive::Directive;
use super::kind::{Kind, Rule};

const TEXT: Kind = Kind::Text(Rule::Any);

struct Index {
    rows: Vec<Directive>,
    by_name: HashMap<&'static str, usize>,
}

static INDEX: LazyLock<Index> = LazyLock::new(|| {
    let groups = [
        network::ROWS,
        process::ROWS,
        data::ROWS,
        cluster::ROWS,
        persistence::ROWS,
        replication::ROWS,
        tls::ROWS,
    ];
    let mut rows = groups.concat();
    rows.sort_by_key(|row| row.name);
    let mut by_name = HashMap::new();
    for (i, row) in rows.iter().enumerate() {
        for name in row.names() {
            assert!(by_name.insert(name, i).is_none(), "{name} is in the table twice");
        }
    }
    Index { rows, by_name }
});

/// Every row, sorted by name.
pub fn rows() -> &'static [Directive] {
    &INDEX.rows
}

/// The row that has `name`, in any case, as its name or alias.
pub fn find(name: &[u8]) -> Option<&'static Directive> {
    index_of(name).map(|i| &INDEX.rows[i])
}

/// As [`find`]: the position in [`rows`].
pub(super) fn index_of(name: &[u8]) -> Option<usize> {
    let name = name.to_ascii_lowercase();
    INDEX.by_name.get(std::str::from_utf8(&name).ok()?).copied()
}
