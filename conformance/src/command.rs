//! Running programs, with errors that show what was run and what it said.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// Runs a command to its end and returns its standard output; anything but success is an error with all that it said.
pub fn output(command: &mut Command) -> Result<String> {
    let shown = show(command);
    let done = command.stdin(Stdio::null()).output().with_context(|| format!("cannot start {shown}"))?;
    if !done.status.success() {
        let said =
            [done.stdout, done.stderr].map(|bytes| String::from_utf8_lossy(&bytes).trim_end().to_owned());
        bail!("{shown}\nended with {}:\n{}", done.status, said.join("\n"));
    }
    Ok(String::from_utf8_lossy(&done.stdout).into_owned())
}

/// A command as one would type it, for messages.
pub fn show(command: &Command) -> String {
    let mut text = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    text
}
