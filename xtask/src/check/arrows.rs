//! Which crate may know which. Dependencies point down this list only; `ARCHITECTURE.md` says why.

use anyhow::{Context, Result};
use serde_json::Value;

use super::Finding;
use crate::shell;

/// (crate, what it may depend on), from the bottom up. A crate's tests may also use anything above it in this list.
const ARROWS: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("sync", &["base"]),
    ("ds", &["base"]),
    ("resp", &["base"]),
    ("store", &["base", "sync", "ds"]),
    ("rdb", &["base", "ds"]),
    ("commands", &["base", "ds", "resp", "store", "rdb"]),
    ("script", &["base", "resp"]),
    ("cluster", &["base"]),
    ("repl", &["base"]),
    ("node", &["base", "sync", "ds", "resp", "store", "rdb", "commands", "script", "cluster", "repl"]),
    (
        "server",
        &["base", "sync", "ds", "resp", "store", "rdb", "commands", "script", "cluster", "repl", "node"],
    ),
    ("ctl", &["base", "resp"]),
    ("handfast", &["base", "server", "ctl"]),
    ("sim", &["base", "resp", "store", "cluster", "node"]),
    ("conformance", &[]),
    ("xtask", &[]),
    ("benches", &["base", "sync", "ds", "resp", "store", "commands", "cluster", "node", "server"]),
];

/// A crate of the workspace with what it depends on inside the workspace.
#[derive(Debug)]
pub struct Crate {
    /// Its package name.
    pub name: String,
    /// Its directory from the root.
    pub directory: String,
    /// (name, whether it is for tests only)
    pub edges: Vec<(String, bool)>,
}

/// Reads the workspace as cargo understands it.
pub fn workspace() -> Result<Vec<Crate>> {
    let text = shell::output(shell::cargo(&["metadata", "--no-deps", "--format-version", "1", "--offline"]))?;
    parse(&serde_json::from_str(&text)?)
}

fn parse(metadata: &Value) -> Result<Vec<Crate>> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let root = text(&metadata["workspace_root"]).context("cargo metadata names no root")?;
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    let mut crates = Vec::new();
    for package in packages {
        let manifest = text(&package["manifest_path"]).context("a package without a path")?;
        let directory =
            manifest.trim_start_matches(&root).trim_start_matches('/').trim_end_matches("/Cargo.toml");
        let edges =
            package["dependencies"].as_array().into_iter().flatten().filter(|d| d["path"].is_string());
        crates.push(Crate {
            name: text(&package["name"]).context("a package without a name")?,
            directory: directory.to_owned(),
            edges: edges.filter_map(|d| Some((text(&d["name"])?, d["kind"] == "dev"))).collect(),
        });
    }
    Ok(crates)
}

/// Every edge that is not on the list.
pub fn check(crates: &[Crate]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for one in crates {
        let Some(place) = ARROWS.iter().position(|(name, _)| *name == one.name) else {
            findings.push(Finding::Error(format!(
                "crate {} has no place among the arrows of `cargo xtask check`",
                one.name
            )));
            continue;
        };
        for (to, tests_only) in &one.edges {
            let below = ARROWS[..place].iter().any(|(name, _)| name == to);
            let allowed = ARROWS[place].1.contains(&to.as_str());
            if !(allowed || *tests_only && below) {
                findings.push(Finding::Error(format!("{} must not know {to}", one.name)));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(name: &str, edges: &[(&str, bool)]) -> usize {
        let edges = edges.iter().map(|(to, dev)| (to.to_string(), *dev)).collect();
        check(&[Crate { name: name.into(), directory: String::new(), edges }]).len()
    }

    #[test]
    fn arrows_point_down_only() {
        assert_eq!(errors("store", &[("ds", false), ("sync", false)]), 0);
        assert_eq!(errors("cluster", &[("resp", false)]), 1);
        assert_eq!(errors("base", &[("node", false)]), 1);
        assert_eq!(errors("ctl", &[("server", false)]), 1);
    }

    #[test]
    fn tests_may_use_anything_below() {
        assert_eq!(errors("cluster", &[("resp", true)]), 0);
        assert_eq!(errors("resp", &[("cluster", true)]), 1);
    }

    #[test]
    fn a_stranger_is_refused() {
        assert_eq!(errors("misc", &[]), 1);
    }

    #[test]
    fn every_arrow_points_down_in_the_list_itself() {
        for (place, (name, edges)) in ARROWS.iter().enumerate() {
            for to in *edges {
                assert!(ARROWS[..place].iter().any(|(below, _)| below == to), "{name} -> {to}");
            }
        }
    }

    #[test]
    fn metadata_is_read() -> Result<()> {
        let crates = parse(&serde_json::json!({
            "workspace_root": "/r",
            "packages": [{"name": "a", "manifest_path": "/r/crates/a/Cargo.toml", "dependencies": [
                {"name": "b", "kind": null, "path": "/r/crates/b"},
                {"name": "c", "kind": "dev", "path": "/r/crates/c"},
                {"name": "itoa", "kind": null}
            ]}]
        }))?;
        assert_eq!(crates[0].directory, "crates/a");
        assert_eq!(crates[0].edges, [("b".to_owned(), false), ("c".to_owned(), true)]);
        Ok(())
    }
}
