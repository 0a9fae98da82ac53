//! Running commands so that one sees what is run.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// The root of the source tree.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// `cargo`, the one that runs us.
pub fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments);
    command
}

/// Any other program.
pub fn program(name: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(name);
    command.args(arguments);
    command
}

/// Runs a command with our standard output, after showing it. Anything but success is an error.
pub fn run(mut command: Command) -> Result<()> {
    let shown = show(&command);
    eprintln!("\n$ {shown}");
    let status = command.stdin(Stdio::null()).status().with_context(|| format!("cannot start {shown}"))?;
    if !status.success() {
        bail!("{shown} ended with {status}");
    }
    Ok(())
}

/// Runs a command silently and returns its standard output.
pub fn output(mut command: Command) -> Result<String> {
    let shown = show(&command);
    let done = command.stdin(Stdio::null()).output().with_context(|| format!("cannot start {shown}"))?;
    if !done.status.success() {
        bail!("{shown} ended with {}:\n{}", done.status, String::from_utf8_lossy(&done.stderr).trim_end());
    }
    Ok(String::from_utf8_lossy(&done.stdout).into_owned())
}

/// Runs a command silently and returns its standard error, where some tools report.
pub fn errors(mut command: Command) -> Result<String> {
    let shown = show(&command);
    let done = command.stdin(Stdio::null()).output().with_context(|| format!("cannot start {shown}"))?;
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    if !done.status.success() {
        bail!("{shown} ended with {}:\n{said}", done.status);
    }
    Ok(said)
}

/// Whether a command can be started and succeeds; its output is thrown away.
pub fn works(command: &[&str]) -> bool {
    Command::new(command[0]).args(&command[1..]).output().is_ok_and(|done| done.status.success())
}

fn show(command: &Command) -> String {
    let name =
        Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let set = command
        .get_envs()
        .filter_map(|(k, v)| Some(format!("{}={} ", k.to_string_lossy(), v?.to_string_lossy())));
    let mut text: String = set.collect();
    text.push_str(&name);
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    text
}
