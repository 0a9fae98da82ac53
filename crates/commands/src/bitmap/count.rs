//! BITCOUNT and BITPOS.

use base::num::parse_i64;
use ds::bits;
use store::IntText;

use super::span::Span;
use crate::args::{NOT_INTEGER, Refused, SYNTAX};
use crate::command::Cmd;
use crate::string::{read, text};

/// `BITCOUNT key [start end [BYTE|BIT]]`
pub fn bitcount(cmd: &mut Cmd<'_, '_>) {
    let result = try_bitcount(cmd);
    cmd.end(result);
}

fn try_bitcount(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let span = Span::parse(cmd.args.sub(2))?;
    if cmd.args.len() == 3 {
        return Err(Refused(SYNTAX));
    }
    let mut scratch = IntText::new();
    let value = text(read(cmd.keys, cmd.effects, cmd.db, cmd.first())?, &mut scratch);
    let range = if span.is_reversed() { 0..0 } else { span.resolve(value.len()) };
    cmd.out.int(bits::count(value, range) as i64);
    Ok(())
}

/// `BITPOS key bit [start [end [BYTE|BIT]]]`. A string without an end to the range is followed by zeros; a missing key is nothing but zeros.
pub fn bitpos(cmd: &mut Cmd<'_, '_>) {
    let result = try_bitpos(cmd);
    cmd.end(result);
}

fn try_bitpos(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let set = match parse_i64(cmd.args.at(2)) {
        Some(0) => false,
        Some(1) => true,
        Some(_) => return Err(Refused("The bit argument must be 1 or 0.")),
        None => return Err(Refused(NOT_INTEGER)),
    };
    let span = Span::parse(cmd.args.sub(3))?;
    let mut scratch = IntText::new();
    let Some(value) = read(cmd.keys, cmd.effects, cmd.db, cmd.first())? else {
        cmd.out.int(if set { -1 } else { 0 });
        return Ok(());
    };
    let value = value.text(&mut scratch);
    let range = span.resolve(value.len());
    let padded = !set && !span.is_closed() && !range.is_empty();
    let behind = if padded { value.len() as i64 * 8 } else { -1 };
    cmd.out.int(bits::position(value, range, set).map_or(behind, |at| at as i64));
    Ok(())
}
