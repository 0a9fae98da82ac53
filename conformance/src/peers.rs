//! The real servers that Handfast sits in a cluster with: Redis 7.0.15, Redis 8.0.6, Valkey 9.1.2 and their tools.
//!
//! They are Debian's own binaries, unpacked into the cache with the C library they were built for and started through its loader,
//! so that they run on any x86-64 or arm64 Linux with apt.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::apt::{Apt, Side};
use crate::cache;
use crate::command::output;

/// One release of a peer: where it comes from, and what it calls itself.
struct Release {
    suites: &'static [&'static str],
    packages: &'static [&'static str],
    /// (program in the package, name of its launcher)
    programs: &'static [(&'static str, &'static str)],
    /// (launcher, version it must report)
    versions: &'static [(&'static str, &'static str)],
}

const RELEASES: [Release; 2] = [
    Release {
        suites: &["bookworm", "bookworm-security"],
        packages: &["redis-server", "redis-tools"],
        programs: &[
            ("redis-server", "redis-server-7"),
            ("redis-cli", "redis-cli-7"),
            ("redis-benchmark", "redis-benchmark-7"),
            ("redis-check-aof", "redis-check-aof-7"),
            ("redis-check-rdb", "redis-check-rdb-7"),
        ],
        versions: &[("redis-server-7", "7.0.15")],
    },
    Release {
        suites: &["sid"],
        packages: &["redis-server", "redis-tools", "valkey-server", "valkey-tools"],
        programs: &[
            ("redis-server", "redis-server-8"),
            ("redis-cli", "redis-cli-8"),
            ("redis-benchmark", "redis-benchmark-8"),
            ("valkey-server", "valkey-server"),
            ("valkey-cli", "valkey-cli"),
            ("valkey-benchmark", "valkey-benchmark"),
        ],
        versions: &[("redis-server-8", "8.0.6"), ("valkey-server", "9.1.2")],
    },
];

/// The directory with the launchers (`redis-server-7`, `redis-cli-7`, `redis-server-8`, `valkey-server`, …), fetched on first use.
pub fn bin() -> Result<PathBuf> {
    let dir = cache::once("peers", |dir| RELEASES.iter().try_for_each(|release| fetch(release, dir)))?;
    let bin = dir.join("bin");
    for release in &RELEASES {
        for (name, version) in release.versions {
            check_version(&bin, name, version)?;
        }
    }
    Ok(bin)
}

fn fetch(release: &Release, dir: &Path) -> Result<()> {
    let suite = release.suites[0];
    let apt = Apt::open(&dir.join(format!("apt-{suite}")), release.suites, Side::Binary)?;
    let root = dir.join(suite);
    apt.unpack(release.packages, &root)?;
    for (program, name) in release.programs {
        let file = root.join("usr/bin").join(program);
        // Debian links one program to another by name; the loader wants the file itself.
        let file = fs::canonicalize(&file).with_context(|| format!("{suite} has no {}", file.display()))?;
        let inside = file.strip_prefix(fs::canonicalize(&root)?)?;
        write_launcher(dir, suite, &root, inside, name)?;
    }
    Ok(())
}

/// A script that starts `program` with the loader and libraries of `root`. Its paths are relative to itself: the directory is renamed
/// once all is fetched.
fn write_launcher(dir: &Path, suite: &str, root: &Path, program: &Path, name: &str) -> Result<()> {
    let (libraries, loader) = find_loader(root)?;
    let text = format!(
        "#!/bin/sh\nhere=$(dirname \"$(readlink -f \"$0\")\")/../{suite}\n\
         exec \"$here/{loader}\" --library-path \"{libraries}\" --argv0 {name} \"$here/{program}\" \"$@\"\n",
        program = program.display(),
    );
    let bin = dir.join("bin");
    fs::create_dir_all(&bin)?;
    let file = bin.join(name);
    fs::write(&file, text)?;
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755))?;
    Ok(())
}

/// The library search path, as shell text, and the loader's path below `root`.
fn find_loader(root: &Path) -> Result<(String, String)> {
    let mut directories = Vec::new();
    let mut loader = None;
    for base in ["usr/lib", "lib"] {
        for entry in fs::read_dir(root.join(base)).into_iter().flatten() {
            let triple = entry?.file_name().to_string_lossy().into_owned();
            if !triple.ends_with("-linux-gnu") {
                continue;
            }
            directories.push(format!("$here/{base}/{triple}"));
            for file in fs::read_dir(root.join(base).join(&triple))? {
                let file = file?.file_name().to_string_lossy().into_owned();
                if file.starts_with("ld-linux") {
                    loader = Some(format!("{base}/{triple}/{file}"));
                }
            }
        }
    }
    let loader = loader.with_context(|| format!("no loader under {}", root.display()))?;
    Ok((directories.join(":"), loader))
}

/// Fails unless the server reports `expected`, but for its patch level: Debian's newest one moves, and a move is worth a note only.
fn check_version(bin: &Path, name: &str, expected: &str) -> Result<()> {
    let text = output(Command::new(bin.join(name)).arg("--version"))?;
    let version = text
        .split_whitespace()
        .find_map(|word| word.strip_prefix("v="))
        .with_context(|| format!("{name} says {text:?}"))?;
    let series = |v: &str| v.rsplit_once('.').map(|(series, _)| series.to_owned());
    if series(version) != series(expected) {
        bail!("{name} is version {version}, and the tests were written against {expected}");
    }
    if version != expected {
        eprintln!("note: {name} is {version}; the tests were written against {expected}");
    }
    Ok(())
}
