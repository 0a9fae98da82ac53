//! One node and its clients, as text. `UPDATE_TRANSCRIPTS=1` rewrites what was heard.

use std::path::Path;

#[test]
fn transcripts() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let only = std::env::var("ONLY").unwrap_or_default();
    let mut files: Vec<_> =
        folder.read_dir().expect("the folder").map(|f| f.expect("an entry").path()).collect();
    files.retain(|file| file.to_string_lossy().contains(&only));
    files.sort();
    assert!(!files.is_empty());
    let mut different = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a transcript");
        let now = sim::desk::play(&text);
        if std::env::var_os("UPDATE_TRANSCRIPTS").is_some() {
            rewrite(&file, &now);
        } else if now != text {
            let line = now.lines().zip(text.lines()).position(|(a, b)| a != b);
            let line = line.unwrap_or_else(|| now.lines().count().min(text.lines().count()));
            let (is, was) = (now.lines().nth(line), text.lines().nth(line));
            different.push(format!("{}:{}: {is:?}, not {was:?}", file.display(), line + 1));
        }
    }
    assert!(different.is_empty(), "run with UPDATE_TRANSCRIPTS=1 and review:\n{}", different.join("\n"));
}

#[allow(clippy::disallowed_methods, reason = "tests have files")]
fn rewrite(file: &Path, text: &str) {
    std::fs::write(file, text).expect("the transcript is writable");
}
