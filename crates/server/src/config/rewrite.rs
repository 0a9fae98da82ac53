//! `CONFIG REWRITE`, on disk.

use std::fs::{File, OpenOptions, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use node::config::Settings;

use super::{read_limited, text_of};

/// Brings the file up to the values in force, or leaves it as it was. After `Ok` the new file is on disk, in
/// the place of the old one and with its permissions. The error is the system's text.
pub fn rewrite(path: &Path, settings: &Settings, force_all: bool) -> Result<(), String> {
    replace(path, |old| settings.rewrite(old, force_all)).map_err(|e| text_of(&e))
}

fn replace(path: &Path, new_text: impl Fn(&[u8]) -> Vec<u8>) -> std::io::Result<()> {
    // Behind a link stands the file that is meant; renaming over the link would cut it off.
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let (old, permissions) = match OpenOptions::new().read(true).open(&path) {
        Ok(file) => {
            let permissions = file.metadata()?.permissions();
            (read_limited(file)?, Some(permissions))
        }
        // Someone took it away: it is written anew, as Redis does.
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => (Vec::new(), None),
        Err(e) => return Err(e),
    };
    let temporary = temporary_name(&path);
    let written = write_new(&temporary, &new_text(&old), permissions)
        .and_then(|()| std::fs::rename(&temporary, &path))
        .and_then(|()| sync_directory(&path));
    if written.is_err() {
        // Best effort: what counts is the error of the write.
        let _ = std::fs::remove_file(&temporary);
    }
    written
}

fn temporary_name(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!("-{}.tmp", std::process::id()));
    PathBuf::from(name)
}

fn write_new(path: &Path, text: &[u8], permissions: Option<Permissions>) -> std::io::Result<()> {
    // The file may hold passwords: it is private until it gets the old file's permissions.
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text)?;
    file.set_permissions(permissions.unwrap_or_else(|| Permissions::from_mode(0o600)))?;
    file.sync_all()
}

fn sync_directory(path: &Path) -> std::io::Result<()> {
    let parent = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let dir: File = OpenOptions::new().read(true).open(parent)?;
    dir.sync_all()
}
