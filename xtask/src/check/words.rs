//! Words that do not belong in a finished tree: unfinished work, tickets, and the place where it was written.

use super::rust_text::{comments_only, has_word};
use super::{Finding, Source};

/// Files that are not ours to word: names of other people's tests, resolved versions, recorded data.
const NOT_READ: [&str; 5] =
    ["Cargo.lock", "fuzz/Cargo.lock", "conformance/passing/", "fuzz/corpus/", "LICENSE"];

/// Forbidden as whole words. Written in two pieces, so that this file keeps its own rule.
const WORDS: [(&str, &str, &str); 6] = [
    ("TO", "DO", "finish it, or leave it out"),
    ("FIX", "ME", "fix it"),
    ("XX", "X", "say what is wrong"),
    ("todo", "!", "finish it, or leave it out"),
    ("unimplemented", "!", "finish it, or leave it out"),
    ("HA", "CK", "do it properly"),
];

/// Forbidden anywhere.
const PIECES: [(&str, &str, &str); 6] = [
    ("/work", "/", "a path of one machine"),
    ("/root", "/", "a path of one machine"),
    ("deb.debian", ".org", "the system knows its archive"),
    ("crates", ".io", "cargo knows its registry"),
    ("pypi", ".org", "pip knows its registry"),
    ("registry.npm", "js", "npm knows its registry"),
];

/// Abbreviations that look like a ticket's code before a number and are none.
const NOT_TICKETS: [&str; 16] = [
    "UTF", "CRC", "SHA", "BSD", "ISO", "RESP", "IEEE", "CVE", "IPV", "RFC", "MD", "AES", "TLS", "PSYNC",
    "SIP", "LC",
];

/// Every forbidden word in every file.
pub fn check(sources: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in sources.iter().filter(|s| !NOT_READ.iter().any(|path| s.path.starts_with(path))) {
        let prose = prose(source);
        for (at, (line, prose)) in source.text.lines().zip(prose.lines()).enumerate() {
            if let Some(what) = forbidden(line).or_else(|| {
                ticket(prose).map(|code| format!("{code} looks like a ticket's code: give the reason itself"))
            }) {
                findings.push(Finding::Error(format!("{}:{}: {what}", source.path, at + 1)));
            }
        }
    }
    findings
}

/// What is written for a reader; in code and data, a number after a sign is a number. Lines stay where they were.
fn prose(source: &Source) -> String {
    match source.path.rsplit('.').next() {
        Some("rs") => comments_only(&source.text),
        Some("md") => source.text.clone(),
        _ => "\n".repeat(source.text.lines().count()),
    }
}

fn forbidden(line: &str) -> Option<String> {
    for (a, b, why) in WORDS {
        let word = format!("{a}{b}");
        if has_word(line, &word) || word.ends_with('!') && line.contains(&word) {
            return Some(format!("{word}: {why}"));
        }
    }
    for (a, b, why) in PIECES {
        let piece = format!("{a}{b}");
        if line.contains(&piece) {
            return Some(format!("{piece}: {why}"));
        }
    }
    None
}

/// `ABC-12`, an issue's number, or `#12` after a blank or bracket.
fn ticket(line: &str) -> Option<String> {
    let words = line.split(|c: char| c.is_whitespace() || "()[],;:".contains(c));
    let mut before = String::new();
    for word in words.filter(|w| !w.is_empty()) {
        let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if let Some((letters, digits)) = word.split_once('-')
            && letters.len() >= 2
            && letters.bytes().all(|b| b.is_ascii_uppercase())
            && number(digits.trim_end_matches('.'))
            && !NOT_TICKETS.contains(&letters)
        {
            return Some(word.to_owned());
        }
        if word.strip_prefix('#').is_some_and(number) {
            return Some(word.to_owned());
        }
        if before == "issue" && number(word.trim_start_matches('#')) {
            return Some(format!("{before} {word}"));
        }
        before = word.to_lowercase();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unfinished_work_is_found() {
        assert!(forbidden(concat!("// TO", "DO later")).is_some());
        assert!(forbidden(concat!("    todo", "!()")).is_some());
        assert!(forbidden("// to do later").is_none());
        assert!(forbidden("HACKS").is_none());
    }

    #[test]
    fn places_are_found() {
        assert!(forbidden(concat!("see /work", "/x")).is_some());
        assert!(forbidden("see ./workers/x").is_none());
    }

    #[test]
    fn tickets_are_found() {
        for line in [concat!("as in HF", "-12."), concat!("(issue ", "2)"), concat!("see #", "45 there")] {
            assert!(ticket(line).is_some(), "{line}");
        }
        for line in [
            "UTF-8 and CRC-16",
            "BSD-3-Clause",
            "## 2. A heading",
            "#[test]",
            "replies -1",
            "IP-address",
            "node #%d",
        ] {
            assert!(ticket(line).is_none(), "{line}");
        }
    }
}
