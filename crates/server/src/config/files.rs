//! What the reading of a configuration asks of the file system.

use std::ffi::{OsStr, OsString};
use std::fs::OpenOptions;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::Path;

use node::config::{Host, Included};

use super::{pattern, read_file, text_of};

/// The process's own files. Relative paths count from the working directory of the moment.
pub struct Files {
    is_command: fn(&[u8]) -> bool,
}

impl Files {
    /// `is_command` says whether a command of a name, in any case, exists.
    pub fn new(is_command: fn(&[u8]) -> bool) -> Files {
        Files { is_command }
    }
}

impl Host for Files {
    fn include(&mut self, pattern: &[u8]) -> Result<Vec<Included>, String> {
        let paths = match pattern::is_pattern(pattern) {
            true => pattern::expand(pattern)?,
            false => vec![OsStr::from_bytes(pattern).into()],
        };
        paths
            .into_iter()
            .map(|path| Ok(Included { text: read_file(&path)?, path: path.display().to_string() }))
            .collect()
    }

    fn change_dir(&mut self, dir: &[u8]) -> Result<Vec<u8>, String> {
        change_dir(dir)
    }

    fn check_log_file(&mut self, path: &[u8]) -> Result<(), String> {
        let path = Path::new(OsStr::from_bytes(path));
        OpenOptions::new().append(true).create(true).open(path).map_err(|e| text_of(&e))?;
        Ok(())
    }

    fn is_command(&self, name: &[u8]) -> bool {
        (self.is_command)(name)
    }
}

/// Changes the working directory of the process and returns it, absolute. The error is the system's text.
pub fn change_dir(dir: &[u8]) -> Result<Vec<u8>, String> {
    std::env::set_current_dir(OsStr::from_bytes(dir)).map_err(|e| text_of(&e))?;
    let dir = std::env::current_dir().map_err(|e| text_of(&e))?;
    Ok(OsString::into_vec(dir.into_os_string()))
}
