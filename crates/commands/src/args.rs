//! Arguments read one way everywhere, and the texts for those that do not fit.

use base::num;
use resp::Reply;

pub(crate) const WRONG_TYPE: Refused =
    Refused("-WRONGTYPE Operation against a key holding the wrong kind of value");
pub(crate) const SYNTAX: &str = "syntax error";
pub(crate) const NOT_INTEGER: &str = "value is not an integer or out of range";
pub(crate) const NOT_FLOAT: &str = "value is not a valid float";
pub(crate) const SAME_OBJECT: &str = "source and destination objects are the same";
pub(crate) const NO_SUCH_KEY: &str = "no such key";
pub(crate) const DB_OUT_OF_RANGE: &str = "DB index is out of range";

/// The error text for a request that does not fit its command, without the `ERR` code unless it starts with `-`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Refused(pub &'static str);

/// A canonical 64-bit integer.
pub(crate) fn integer(arg: &[u8]) -> Result<i64, Refused> {
    num::parse_i64(arg).ok_or(Refused(NOT_INTEGER))
}

/// Whether an argument is this word, in any case.
pub(crate) fn is(arg: &[u8], word: &str) -> bool {
    arg.eq_ignore_ascii_case(word.as_bytes())
}

/// The reply of a container's `HELP`.
pub fn help(container: &str, lines: &[&str], out: &mut Reply<'_>) {
    out.array(lines.len() + 3);
    out.simple(&format!("{container} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"));
    for line in lines {
        out.simple(line);
    }
    out.simple("HELP");
    out.simple("    Print this help.");
}
