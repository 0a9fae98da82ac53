//! What peers warn of. A peer that has Handfast for a neighbour may print no warning that it does not also print among its own.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::node::Kind;

/// Texts by kind of server, without what differs from run to run.
pub type Warnings = BTreeMap<Kind, BTreeSet<String>>;

/// The list of warnings that peers print among themselves, without any Handfast node.
fn known(kind: Kind) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("warnings").join(format!("{}.txt", kind.name()))
}

/// Fails if a peer printed what is not on its list.
pub fn check(warnings: &Warnings) -> Result<()> {
    for (kind, seen) in warnings.iter().filter(|(kind, _)| **kind != Kind::Handfast) {
        let file = known(*kind);
        let known = fs::read_to_string(&file).unwrap_or_default();
        let new: Vec<_> = seen.iter().filter(|text| !known.lines().any(|line| line == *text)).collect();
        ensure!(new.is_empty(), "{} warns of what {} does not have: {new:#?}", kind.name(), file.display());
    }
    Ok(())
}

/// Adds to the lists.
pub fn record(warnings: Warnings) -> Result<()> {
    for (kind, mut seen) in warnings {
        let file = known(kind);
        fs::create_dir_all(file.parent().context("no directory")?)?;
        let known = fs::read_to_string(&file).unwrap_or_default();
        seen.extend(known.lines().map(str::to_owned));
        fs::write(&file, seen.iter().map(|line| format!("{line}\n")).collect::<String>())?;
    }
    Ok(())
}
