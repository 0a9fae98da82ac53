//! Sessions as text, in `testdata/`: `>` before a command, `@` before a directive of the harness, replies between.
//! `UPDATE_TRANSCRIPTS=1` writes the replies anew, for review.

mod harness;

use std::path::{Path, PathBuf};

use harness::Server;

#[test]
fn transcripts() {
    let mut differing = Vec::new();
    for path in files() {
        let old = std::fs::read_to_string(&path).expect("a transcript");
        let new = replay(&old);
        if std::env::var_os("UPDATE_TRANSCRIPTS").is_some() {
            save(&path, &new);
        } else if new != old {
            differing.push(difference(&path, &old, &new));
        }
    }
    assert!(differing.is_empty(), "UPDATE_TRANSCRIPTS=1 rewrites; review:\n{}", differing.join("\n"));
}

fn files() -> Vec<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let entries = std::fs::read_dir(dir).expect("testdata");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "txt"));
    files.sort();
    assert!(!files.is_empty());
    files
}

#[expect(clippy::disallowed_methods, reason = "only when asked to rewrite")]
fn save(path: &Path, text: &str) {
    std::fs::write(path, text).expect("testdata is writable");
}

/// The transcript as it is now: commands, directives, comments and blank lines stay.
fn replay(text: &str) -> String {
    let mut server = Server::new();
    let mut new = String::new();
    for line in text.lines() {
        let reply = match line.as_bytes().first() {
            Some(b'>') => Some(server.run(line[1..].trim())),
            Some(b'@') => {
                server.direct(line[1..].trim());
                None
            }
            Some(b'#') | None => None,
            Some(_) => continue,
        };
        new += line;
        new.push('\n');
        for line in reply.iter().flat_map(|reply| reply.lines()) {
            new += &format!("  {line}\n");
        }
    }
    new
}

fn difference(path: &Path, old: &str, new: &str) -> String {
    let at = old
        .lines()
        .zip(new.lines())
        .position(|(a, b)| a != b)
        .unwrap_or(old.lines().count().min(new.lines().count()));
    let line = |text: &str| text.lines().nth(at).unwrap_or("(nothing)").to_string();
    format!("{}:{}\n  was {}\n  is  {}", path.display(), at + 1, line(old), line(new))
}
