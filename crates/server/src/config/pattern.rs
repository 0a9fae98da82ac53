//! Paths that a pattern with `*`, `?` and `[` names.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::text_of;

/// Most files that one pattern may name.
const MATCHES_MAX: usize = 10_000;

/// Whether a path is a pattern, as Redis decides it.
pub(super) fn is_pattern(path: &[u8]) -> bool {
    path.iter().any(|b| b"*?[".contains(b))
}

/// The paths that are there and match, sorted. As in a shell, wildcards do not cross `/`, and do not match a
/// leading dot.
pub(super) fn expand(pattern: &[u8]) -> Result<Vec<PathBuf>, String> {
    let mut found = vec![PathBuf::from(if pattern.starts_with(b"/") { "/" } else { "" })];
    for part in pattern.split(|b| *b == b'/').filter(|part| !part.is_empty()) {
        found = match is_pattern(part) {
            true => descend(&found, part)?,
            false => found
                .into_iter()
                .map(|path| path.join(OsStr::from_bytes(part)))
                .filter(|p| p.exists())
                .collect(),
        };
    }
    found.retain(|path| !path.is_dir());
    found.sort();
    Ok(found)
}

/// What matches one part of the pattern in each of the directories.
fn descend(dirs: &[PathBuf], part: &[u8]) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    for dir in dirs {
        let listed = if dir.as_os_str().is_empty() { Path::new(".") } else { dir.as_path() };
        // What is no directory, or not ours to read, has no matches: glob(3) sees it so.
        let Ok(entries) = std::fs::read_dir(listed) else { continue };
        for entry in entries {
            let name = entry
                .map_err(|e| format!("cannot list '{}': {}", listed.display(), text_of(&e)))?
                .file_name();
            let hidden = name.as_bytes().starts_with(b".") && !part.starts_with(b".");
            if !hidden && base::glob::matches(part, name.as_bytes(), false) {
                found.push(dir.join(name));
            }
            if found.len() > MATCHES_MAX {
                return Err(format!("more than {MATCHES_MAX} files match"));
            }
        }
    }
    Ok(found)
}
