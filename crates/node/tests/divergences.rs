//! The part of DIVERGENCES.md that lists ignored directives is what the code does. `UPDATE=1` writes it.
#![allow(clippy::disallowed_methods, reason = "it reads and writes a document of the tree")]

use std::path::Path;

const BEGIN: &str = "<!-- generated: cargo xtask divergences -->\n";
const END: &str = "<!-- end -->";

/// One item per reason, its directives after it.
fn generate() -> String {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for (name, why) in node::config::harmless() {
        match reasons.iter_mut().find(|(reason, _)| *reason == why) {
            Some((_, names)) => names.push(name),
            None => reasons.push((why, vec![name])),
        }
    }
    let item = |(why, names): (&str, Vec<&str>)| {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        format!("* It {why}: {}.\n", names.join(", "))
    };
    reasons.into_iter().map(item).collect()
}

#[test]
fn the_document_lists_what_is_ignored() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../DIVERGENCES.md");
    let text = std::fs::read_to_string(&file).expect("DIVERGENCES.md");
    let (before, rest) = text.split_once(BEGIN).expect("the generated part's first line");
    let (generated, after) = rest.split_once(END).expect("the generated part's last line");
    let wanted = generate();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&file, format!("{before}{BEGIN}{wanted}{END}{after}")).expect("DIVERGENCES.md");
        return;
    }
    assert!(generated == wanted, "DIVERGENCES.md is out of date: cargo xtask divergences");
}
