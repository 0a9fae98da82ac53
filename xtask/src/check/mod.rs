//! The rules of this tree that the compiler does not know.

mod arrows;
mod documents;
mod rust_text;
mod sizes;
mod unsafety;
mod words;

use std::fs;
use std::path::Path;

use anyhow::{Result, bail};

use crate::shell;

/// A file of the tree.
pub struct Source {
    /// Path from the root.
    pub path: String,
    /// All of it.
    pub text: String,
}

/// What is wrong, and how much it matters.
#[derive(Debug, PartialEq, Eq)]
pub enum Finding {
    /// Fails the check.
    Error(String),
    /// Is printed.
    Warning(String),
}

/// Runs every rule and prints every finding; any error fails.
pub fn run() -> Result<()> {
    let sources = tree()?;
    let crates = arrows::workspace()?;
    let mut findings = Vec::new();
    findings.extend(arrows::check(&crates));
    findings.extend(unsafety::check(&sources));
    findings.extend(sizes::check(&sources));
    findings.extend(words::check(&sources));
    findings.extend(documents::check(&sources, &crates));
    let mut errors = 0;
    for finding in &findings {
        match finding {
            Finding::Error(text) => {
                errors += 1;
                eprintln!("error: {text}");
            }
            Finding::Warning(text) => eprintln!("warning: {text}"),
        }
    }
    if errors > 0 {
        bail!("{errors} rules of this tree are broken");
    }
    println!("check: {} files and {} crates keep the rules of this tree", sources.len(), crates.len());
    Ok(())
}

/// Every text file that git knows or would add.
fn tree() -> Result<Vec<Source>> {
    let list =
        shell::output(shell::program("git", &["ls-files", "--cached", "--others", "--exclude-standard"]))?;
    let mut sources = Vec::new();
    for path in list.lines() {
        if let Ok(text) = fs::read_to_string(Path::new(path)) {
            sources.push(Source { path: path.to_owned(), text });
        }
    }
    Ok(sources)
}
