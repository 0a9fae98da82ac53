//! The configuration's outside: the command line, files, standard input, and the rewritten file.

mod files;
mod pattern;
mod rewrite;

use std::ffi::OsString;
use std::io::Read as _;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use node::config::{
    BUS_PORT_OFFSET, Config, Defaults, Invocation, Rename, Settings, Sources, load, parse_arguments, report,
    usage,
};

pub use files::{Files, change_dir};
pub use rewrite::rewrite;

/// The most that is read from a configuration file or from standard input, in bytes.
pub const CONFIG_BYTES_MAX: u64 = 16 << 20;

/// A configuration to serve with.
#[derive(Debug)]
pub struct Start {
    /// The values.
    pub settings: Settings,
    /// `rename-command` lines, in order.
    pub renames: Vec<Rename>,
    /// To be logged as warnings.
    pub warnings: Vec<String>,
    /// The configuration file, absolute: what `CONFIG REWRITE` writes.
    pub file: Option<PathBuf>,
}

/// The process has nothing to serve: print and exit.
#[derive(PartialEq, Eq, Debug)]
pub struct Exit {
    /// For standard output.
    pub stdout: String,
    /// For standard error.
    pub stderr: String,
    /// Exit code.
    pub code: u8,
}

impl Exit {
    fn print(stdout: String) -> Exit {
        Exit { stdout, stderr: String::new(), code: 0 }
    }

    fn fail(stderr: String) -> Exit {
        Exit { stdout: String::new(), stderr, code: 1 }
    }
}

/// What the binary knows of itself.
#[derive(Clone, Copy, Debug)]
pub struct Program<'a> {
    /// How the user calls it, for `--help`: `redis-server`, `handfast server`.
    pub name: &'a str,
    /// Its version, such as `0.1.0`.
    pub version: &'a str,
    /// Whether a command of this name, in any case, exists.
    pub is_command: fn(&[u8]) -> bool,
}

/// Reads the arguments (those behind the program's name or subcommand), and what they name. `dir` directives
/// change the working directory of the process.
pub fn start(
    program: Program<'_>,
    args: impl IntoIterator<Item = OsString>,
    cores: usize,
) -> Result<Start, Box<Exit>> {
    let args: Vec<Vec<u8>> = args.into_iter().map(OsString::into_vec).collect();
    let sources = match parse_arguments(program.name.as_bytes(), &args) {
        Invocation::Serve(sources) => sources,
        Invocation::Version => return Err(Box::new(Exit::print(version_line(program)))),
        Invocation::Help => return Err(Box::new(Exit::print(usage(program.name)))),
        Invocation::Refused(why) => return Err(Box::new(Exit::fail(format!("{why}\n")))),
    };
    read(program, &sources, cores).map_err(|stderr| Box::new(Exit::fail(stderr)))
}

fn version_line(program: Program<'_>) -> String {
    format!("Handfast server v={} bits={}\n", program.version, usize::BITS)
}

fn read(program: Program<'_>, sources: &Sources, cores: usize) -> Result<Start, String> {
    let dir = std::env::current_dir()
        .map_err(|e| format!("cannot tell the working directory: {}\n", text_of(&e)))?;
    let path = sources.file.as_ref().map(|file| dir.join(OsString::from_vec(file.clone())));
    let file = match &path {
        Some(path) => read_file(path).map_err(|why| why + "\n")?,
        None => Vec::new(),
    };
    let stdin = if sources.stdin { read_stdin()? } else { Vec::new() };
    let defaults = Defaults { cores, dir: dir.into_os_string().into_vec() };
    let mut files = Files::new(program.is_command);
    let loaded = load(Settings::new(&defaults), &sources.text(&file, &stdin), &mut files)
        .map_err(|errors| report(&format!("Handfast {}", program.version), &errors))?;
    check_cluster_port(&loaded.settings.snapshot())?;
    Ok(Start { settings: loaded.settings, renames: loaded.renames, warnings: loaded.warnings, file: path })
}

fn check_cluster_port(config: &Config) -> Result<(), String> {
    let highest = u16::MAX - BUS_PORT_OFFSET;
    if config.cluster.enabled && config.cluster.port == 0 && config.network.port > highest {
        return Err(format!(
            "The port number is too high for cluster mode: it must be {highest} or less, or cluster-port be given.\n"
        ));
    }
    Ok(())
}

/// Reads a configuration file; the error is Redis's line.
fn read_file(path: &Path) -> Result<Vec<u8>, String> {
    let failed = |why: String| format!("Fatal error, can't open config file '{}': {why}", path.display());
    // Opening through options, since only this crate touches files.
    let file = std::fs::OpenOptions::new().read(true).open(path).map_err(|e| failed(text_of(&e)))?;
    read_limited(file).map_err(|e| failed(text_of(&e)))
}

fn read_stdin() -> Result<Vec<u8>, String> {
    read_limited(std::io::stdin().lock())
        .map_err(|e| format!("cannot read standard input: {}\n", text_of(&e)))
}

fn read_limited(from: impl std::io::Read) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    from.take(CONFIG_BYTES_MAX + 1).read_to_end(&mut text)?;
    if text.len() as u64 > CONFIG_BYTES_MAX {
        return Err(std::io::Error::other(format!("longer than {CONFIG_BYTES_MAX} bytes")));
    }
    Ok(text)
}

/// The system's text for an error, without Rust's `(os error N)`.
fn text_of(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests;
