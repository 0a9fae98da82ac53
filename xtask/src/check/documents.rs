//! The documents know the crates, and each other.

use std::collections::BTreeMap;

use super::arrows::Crate;
use super::{Finding, Source};

/// Files that a newcomer is promised.
const DOCUMENTS: [&str; 6] =
    ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "DIVERGENCES.md", "LICENSE"];

/// Every document that is missing or does not mention a crate.
pub fn check(sources: &[Source], crates: &[Crate]) -> Vec<Finding> {
    let text = |path: &str| sources.iter().find(|s| s.path == path).map(|s| s.text.as_str());
    let mut findings = Vec::new();
    for document in DOCUMENTS {
        match text(document) {
            None => findings.push(Finding::Error(format!("{document} is missing"))),
            Some(_) if document == "README.md" => {}
            Some(_) if text("README.md").is_some_and(|readme| readme.contains(document)) => {}
            Some(_) => findings.push(Finding::Error(format!("README.md does not lead to {document}"))),
        }
    }
    let map = text("ARCHITECTURE.md").unwrap_or_default();
    for one in crates.iter().filter(|c| !map.contains(&format!("`{}`", c.directory))) {
        findings.push(Finding::Error(format!("ARCHITECTURE.md does not mention `{}`", one.directory)));
    }
    for link in sources.iter().filter(|s| DOCUMENTS.contains(&s.path.as_str())).flat_map(|s| links(&s.text)) {
        let exists = sources
            .iter()
            .any(|s| s.path == link || s.path.starts_with(&format!("{}/", link.trim_end_matches('/'))));
        if !exists {
            findings.push(Finding::Error(format!("a document leads to {link}, which is not there")));
        }
    }
    findings.extend(strangers(sources));
    findings
}

/// Documents that code refers to and that are not in this tree: a reader cannot follow.
fn strangers(sources: &[Source]) -> Vec<Finding> {
    let mut seen = BTreeMap::<&str, usize>::new();
    for source in sources.iter().filter(|s| s.path.ends_with(".rs")) {
        let words = source.text.split(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)));
        for word in words.map(|w| w.trim_end_matches('.')).filter(|w| w.len() > 3 && w.ends_with(".md")) {
            if !sources.iter().any(|s| s.path.rsplit('/').next() == Some(word)) {
                *seen.entry(word).or_default() += 1;
            }
        }
    }
    seen.into_iter()
        .map(|(name, times)| {
            Finding::Warning(format!("code names {name}, which is not in this tree, {times} times"))
        })
        .collect()
}

/// The targets of Markdown links to files of this tree.
fn links(text: &str) -> Vec<String> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    let inside = targets.map(|(target, _)| target.split('#').next().unwrap_or_default());
    inside.filter(|t| !t.is_empty() && !t.contains("://")).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_to_files_are_found() {
        assert_eq!(links("see [a](A.MD#x), [b](https://b) and [c](#d) [e](docs/)"), ["A.MD", "docs/"]);
    }

    #[test]
    fn a_crate_must_be_on_the_map() {
        let mut sources: Vec<Source> =
            DOCUMENTS.iter().map(|d| Source { path: d.to_string(), text: DOCUMENTS.join(" ") }).collect();
        let crates = [Crate { name: "base".into(), directory: "crates/base".into(), edges: Vec::new() }];
        assert_eq!(check(&sources, &crates).len(), 1);
        sources[1].text.push_str("`crates/base`");
        assert_eq!(check(&sources, &crates).len(), 0);
    }
}
