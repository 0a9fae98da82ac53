//! Where `unsafe` may be, and that each one says why it is sound.

use super::rust_text::{code_only, has_word};
use super::{Finding, Source};

/// The crates that hold all of it: memory layouts, shared memory, system calls.
const ALLOWED: [&str; 3] = ["crates/ds/", "crates/sync/", "crates/server/"];

/// How far above an `unsafe` its argument may start, in lines.
const ARGUMENT_LINES_MAX: usize = 12;

/// Every `unsafe` outside those crates, and every block inside without its argument.
pub fn check(sources: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in sources.iter().filter(|s| s.path.ends_with(".rs")) {
        let allowed = ALLOWED.iter().any(|dir| source.path.starts_with(dir));
        let code = code_only(&source.text);
        let lines: Vec<&str> = source.text.lines().collect();
        for (at, line) in code.lines().enumerate().filter(|(_, line)| has_word(line, "unsafe")) {
            let place = format!("{}:{}", source.path, at + 1);
            if !allowed {
                findings.push(Finding::Error(format!("{place}: unsafe is for {} only", ALLOWED.join(", "))));
            } else if needs_argument(line) && !has_argument(&lines, at) {
                findings.push(Finding::Error(format!("{place}: unsafe without a SAFETY comment")));
            }
        }
    }
    findings
}

/// Blocks and impls make promises; declarations (`unsafe fn`, `unsafe extern`) ask for them.
fn needs_argument(line: &str) -> bool {
    !(line.contains("unsafe fn")
        || line.contains("unsafe extern")
        || line.contains("unsafe trait")
        || line.contains("#["))
}

fn has_argument(lines: &[&str], at: usize) -> bool {
    let from = at.saturating_sub(ARGUMENT_LINES_MAX);
    lines[from..=at.min(lines.len() - 1)].iter().any(|line| line.contains("SAFETY:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(path: &str, text: &str) -> usize {
        check(&[Source { path: path.into(), text: text.into() }]).len()
    }

    #[test]
    fn only_three_crates_may() {
        let text = "// SAFETY: x is valid\nunsafe { f(x) }\n";
        assert_eq!(errors("crates/ds/src/a.rs", text), 0);
        assert_eq!(errors("crates/node/src/a.rs", text), 1);
        assert_eq!(errors("crates/node/src/a.rs", "// unsafe\n#![deny(unsafe_code)]"), 0);
    }

    #[test]
    fn a_block_needs_its_argument() {
        assert_eq!(errors("crates/ds/src/a.rs", "unsafe { f(x) }\n"), 1);
        assert_eq!(errors("crates/ds/src/a.rs", "unsafe fn f() {}\n"), 0);
    }
}
