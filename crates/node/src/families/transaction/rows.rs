//! The rows of the transaction family.

use super::{multi, watch};
use crate::dispatch::Run;
use commands::spec::{Flag, Group, KEY, KeyFlag, Spec, span};

/// Facts and functions.
pub static ROWS: &[(Spec, Run)] = &[
    (
        Spec::new("discard", 1, Group::Transactions, "2.0.0")
            .with(&[Flag::Noscript, Flag::Loading, Flag::Stale, Flag::Fast, Flag::AllowBusy])
            .docs("Drops a transaction.", "O(N), when N is the number of queued commands"),
        Run::Node(multi::discard),
    ),
    (
        Spec::new("exec", 1, Group::Transactions, "1.2.0")
            .with(&[Flag::Noscript, Flag::Loading, Flag::Stale, Flag::SkipCommandlog])
            .docs("Runs a transaction.", "Depends on commands in the transaction"),
        Run::Exec,
    ),
    (
        Spec::new("multi", 1, Group::Transactions, "1.2.0")
            .with(&[Flag::Noscript, Flag::Loading, Flag::Stale, Flag::Fast, Flag::NoMulti, Flag::AllowBusy])
            .docs("Begins a transaction.", "O(1)"),
        Run::Node(multi::multi),
    ),
    (
        Spec::new("unwatch", 1, Group::Transactions, "2.2.0")
            .with(&[Flag::Noscript, Flag::Loading, Flag::Stale, Flag::Fast, Flag::AllowBusy])
            .docs("Forgets the watched keys of the connection.", "O(1)"),
        Run::Node(watch::unwatch),
    ),
    (
        Spec::new("watch", -2, Group::Transactions, "2.2.0")
            .with(&[Flag::Noscript, Flag::Loading, Flag::Stale, Flag::Fast, Flag::NoMulti, Flag::AllowBusy])
            .keys(&[span(1, -1, 1, &[KeyFlag::RO])])
            .args(&[KEY.multiple()])
            .docs("Makes the next transaction depend on keys staying as they are.", "O(1) for every key."),
        Run::NodeKeys(watch::watch),
    ),
];
