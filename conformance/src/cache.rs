//! Where fetched things live: outside the tree, shared by every clone on the machine.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The cache directory: `$HANDFAST_CACHE`, or `~/.cache/handfast-conformance`. Made if it is not there.
pub fn dir() -> Result<PathBuf> {
    let dir = match std::env::var_os("HANDFAST_CACHE") {
        Some(dir) => PathBuf::from(dir),
        None => {
            let home = std::env::var_os("HOME").context("neither HANDFAST_CACHE nor HOME is set")?;
            PathBuf::from(home).join(".cache/handfast-conformance")
        }
    };
    fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
    Ok(dir)
}

/// Returns `cache/name`, filling it with `fetch` if it is not complete yet. `fetch` gets a directory of its own that is renamed
/// into place at the end: a fetch that was interrupted is never taken for a finished one. Other processes wait meanwhile.
pub fn once(name: &str, fetch: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    let cache = dir()?;
    let ready = cache.join(name);
    if ready.is_dir() {
        return Ok(ready);
    }
    let lock = File::create(cache.join(format!("{name}.lock")))?;
    lock.lock()?;
    if ready.is_dir() {
        return Ok(ready);
    }
    let partial = cache.join(format!("{name}.partial"));
    if partial.exists() {
        fs::remove_dir_all(&partial)?;
    }
    fs::create_dir(&partial)?;
    fetch(&partial).with_context(|| format!("cannot fetch {name} into {}", cache.display()))?;
    fs::rename(&partial, &ready)?;
    Ok(ready)
}
