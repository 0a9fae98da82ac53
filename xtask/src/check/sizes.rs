//! A file that grows hides a noun that wants a file of its own.

use super::rust_text::lines_without_tests;
use super::{Finding, Source};

const LINES_MAX: usize = 800;
const LINES_WARN: usize = 600;

/// Every Rust file that is too long, its tests not counted.
pub fn check(sources: &[Source]) -> Vec<Finding> {
    let rust = sources.iter().filter(|s| s.path.ends_with(".rs"));
    rust.filter_map(|source| judge(&source.path, lines_without_tests(&source.text))).collect()
}

fn judge(path: &str, lines: usize) -> Option<Finding> {
    let text = format!("{path} has {lines} lines without its tests; which noun is it hiding?");
    match lines {
        n if n > LINES_MAX => Some(Finding::Error(text)),
        n if n > LINES_WARN => Some(Finding::Warning(text)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits() {
        assert!(judge("a.rs", 600).is_none());
        assert!(matches!(judge("a.rs", 601), Some(Finding::Warning(_))));
        assert!(matches!(judge("a.rs", 801), Some(Finding::Error(_))));
    }
}
