//! MEMORY USAGE.

use crate::args::{self, Refused, SYNTAX, integer, is};
use crate::command::Cmd;

const HELP: &[&str] =
    &["USAGE <key> [SAMPLES <count>]", "    Return memory in bytes used by <key> and its value."];

/// `MEMORY USAGE key [SAMPLES count]`: bytes that the key takes with its value. They are counted, so that no
/// samples are needed.
pub fn usage(cmd: &mut Cmd<'_, '_>) {
    let result = try_usage(cmd);
    cmd.end(result);
}

fn try_usage(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let mut at = 3;
    while at < cmd.args.len() {
        if !is(cmd.args.at(at), "samples") || at + 1 >= cmd.args.len() {
            return Err(Refused(SYNTAX));
        }
        if integer(cmd.args.at(at + 1))? < 0 {
            return Err(Refused(SYNTAX));
        }
        at += 2;
    }
    let key = cmd.key(2, 0);
    match cmd.keys.peek(cmd.db, key) {
        Some(entry) => cmd.out.int(entry.allocated() as i64),
        None => cmd.out.null(),
    }
    Ok(())
}

/// `MEMORY HELP`
pub fn help(cmd: &mut Cmd<'_, '_>) {
    args::help("MEMORY", HELP, cmd.out);
}
