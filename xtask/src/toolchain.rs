//! Compiling with AddressSanitizer, which only a nightly toolchain has.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::shell::{cargo, output, program};

/// What a toolchain that cannot do it leads to.
const MISSING: &str =
    "no nightly toolchain (rustup toolchain install nightly): building without AddressSanitizer";

/// A compiler for instrumented programs.
pub struct Toolchain {
    nightly: bool,
    host: String,
}

impl Toolchain {
    /// The nightly one if it is there, else the one that runs us, after a warning.
    pub fn find() -> Result<Toolchain> {
        let nightly = version(program("rustup", &["run", "nightly", "rustc", "-vV"]));
        if nightly.is_none() {
            eprintln!("warning: {MISSING}");
        }
        let found = nightly.is_some();
        let text = nightly
            .or_else(|| version(program("rustc", &["-vV"])))
            .context("rustc does not tell its version")?;
        let host =
            text.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc names no host")?;
        Ok(Toolchain { nightly: found, host: host.to_owned() })
    }

    /// A directory for what this compiles, beside the ordinary one: the flags would rebuild everything there.
    pub fn target(&self, target: &Path) -> std::path::PathBuf {
        target.join(if self.nightly { "address" } else { "instrumented" })
    }

    /// Where the programs of a profile come to lie.
    pub fn programs(&self, target: &Path, profile: &str) -> std::path::PathBuf {
        self.target(target).join(&self.host).join(profile)
    }

    /// `cargo` with the sanitizer and further flags. The host is named as the target, so that build scripts and macros stay
    /// as they are.
    pub fn cargo(&self, arguments: &[&str], flags: &[&str], target: &Path) -> Command {
        let mut command = match self.nightly {
            true => program("rustup", &["run", "nightly", "cargo"]),
            false => cargo(&[]),
        };
        if self.nightly {
            // Set by the toolchain that runs us, for itself.
            for name in ["CARGO", "RUSTC", "RUSTDOC", "RUSTUP_TOOLCHAIN"] {
                command.env_remove(name);
            }
        }
        let sanitizer = if self.nightly { &["-Zsanitizer=address"][..] } else { &[] };
        command
            .args(arguments)
            .args(["--target", &self.host])
            .env("RUSTFLAGS", [sanitizer, flags].concat().join(" "))
            .env("CARGO_TARGET_DIR", self.target(target));
        command
    }
}

fn version(command: Command) -> Option<String> {
    output(command).ok()
}
