//! What the tests need from the machine, installed when it is missing. What cannot be had stops the run: a test that is silently left out
//! is worse than one that fails.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::shell;

/// A tool: how to see that it is there, and the Debian package that brings it.
struct Tool {
    probe: &'static [&'static str],
    package: &'static str,
}

const fn tool(probe: &'static [&'static str], package: &'static str) -> Tool {
    Tool { probe, package }
}

/// Everything but the Rust toolchain.
const TOOLS: &[Tool] = &[
    tool(&["make", "--version"], "make"),
    tool(&["tclsh", "/dev/null"], "tcl"),
    tool(&["ps", "--version"], "procps"),
    tool(&["pgrep", "--version"], "procps"),
    tool(&["ip", "-V"], "iproute2"),
    tool(&["unshare", "--version"], "util-linux"),
    tool(&["dpkg-source", "--version"], "dpkg-dev"),
    tool(&["patch", "--version"], "patch"),
    tool(&["xz", "--version"], "xz-utils"),
    tool(&["valgrind", "--version"], "valgrind"),
    tool(&["python3", "-c", "import venv, ensurepip"], "python3-venv"),
    tool(&["npm", "--version"], "npm"),
    tool(&["test", "-r", "/usr/share/keyrings/debian-archive-keyring.gpg"], "debian-archive-keyring"),
];

/// Makes sure that every tool is there.
pub fn install() -> Result<()> {
    let missing = missing();
    if !missing.is_empty() {
        eprintln!("installing {}", missing.join(" "));
        apt_install(&missing)
            .with_context(|| format!("the tests need these Debian packages: {}", missing.join(" ")))?;
    }
    let still = self::missing();
    if !still.is_empty() {
        bail!("{} were installed, and their programs are not found", still.join(" "));
    }
    if !shell::works(&["cargo", "nextest", "--version"]) {
        shell::run(shell::cargo(&["install", "--locked", "cargo-nextest"]))
            .context("the tests need cargo-nextest")?;
    }
    Ok(())
}

fn missing() -> Vec<&'static str> {
    let mut packages: Vec<_> = TOOLS.iter().filter(|t| !shell::works(t.probe)).map(|t| t.package).collect();
    packages.dedup();
    packages
}

fn apt_install(packages: &[&str]) -> Result<()> {
    let apt = |arguments: &[&str]| {
        let mut command = if is_root() { Command::new("apt-get") } else { Command::new("sudo") };
        if !is_root() {
            command.args(["-n", "apt-get"]);
        }
        command.env("DEBIAN_FRONTEND", "noninteractive").args(arguments);
        shell::run(command)
    };
    apt(&["-qq", "update"])?;
    let mut arguments = vec!["-qq", "-y", "--no-install-recommends", "install"];
    arguments.extend(packages);
    apt(&arguments)
}

fn is_root() -> bool {
    shell::output(shell::program("id", &["-u"])).is_ok_and(|id| id.trim() == "0")
}
