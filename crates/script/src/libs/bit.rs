//! `bit`: 32-bit integers in Lua's doubles.

use mlua::{Lua, Result, Table};

use super::arguments::{Arguments, Few, variadic};

/// Added to a number, it leaves the integer part, modulo 2^32, in the lower half of the double.
const INTEGER_SHIFT: f64 = 6_755_399_441_055_744.0;

/// Hexadecimal digits of 32 bits.
const DIGITS_MAX: u32 = 8;

type Change = fn(i32) -> i32;
type Fold = fn(i32, i32) -> i32;
type Shift = fn(i32, u32) -> i32;

/// The table of functions.
pub fn open(lua: &Lua) -> Result<Table> {
    let bit = lua.create_table()?;
    let changes: [(&str, Change); 3] = [("tobit", |n| n), ("bnot", |n| !n), ("bswap", i32::swap_bytes)];
    for (name, change) in changes {
        let function = move |lua: &Lua, args: Few| operand(lua, &args.into(), 1).map(change);
        bit.raw_set(name, lua.create_function(function)?)?;
    }
    let folds: [(&str, Fold); 3] = [("band", |a, b| a & b), ("bor", |a, b| a | b), ("bxor", |a, b| a ^ b)];
    for (name, fold) in folds {
        bit.raw_set(name, variadic(lua, move |lua, args| folded(lua, &args, fold))?)?;
    }
    let shifts: [(&str, Shift); 5] = [
        ("lshift", |n, by| n << by),
        ("rshift", |n, by| (n as u32 >> by) as i32),
        ("arshift", |n, by| n >> by),
        ("rol", i32::rotate_left),
        ("ror", i32::rotate_right),
    ];
    for (name, shift) in shifts {
        let function = move |lua: &Lua, args: Few| shifted(lua, &args.into(), shift);
        bit.raw_set(name, lua.create_function(function)?)?;
    }
    bit.raw_set("tohex", lua.create_function(|lua, args: Few| tohex(lua, &args.into()))?)?;
    Ok(bit)
}

/// Rounded to the nearest integer, of two the even one, and taken modulo 2^32.
fn operand(lua: &Lua, args: &Arguments, index: usize) -> Result<i32> {
    args.number(lua, index).map(|n| (n + INTEGER_SHIFT).to_bits() as u32 as i32)
}

fn folded(lua: &Lua, args: &Arguments, fold: Fold) -> Result<i32> {
    // From the last on, which shows when several are wrong.
    (2..=args.len())
        .rev()
        .try_fold(operand(lua, args, 1)?, |all, index| Ok(fold(all, operand(lua, args, index)?)))
}

/// Only the lowest five bits of the distance count.
fn shifted(lua: &Lua, args: &Arguments, shift: Shift) -> Result<i32> {
    let n = operand(lua, args, 1)?;
    Ok(shift(n, operand(lua, args, 2)? as u32 & 31))
}

/// As many of the lowest digits as the second argument says, in upper case if that is negative.
fn tohex(lua: &Lua, args: &Arguments) -> Result<String> {
    let n = operand(lua, args, 1)?;
    let digits = if args.len() < 2 { DIGITS_MAX as i32 } else { operand(lua, args, 2)? };
    let text = if digits < 0 { format!("{n:08X}") } else { format!("{n:08x}") };
    Ok(text[(DIGITS_MAX - digits.unsigned_abs().min(DIGITS_MAX)) as usize..].to_string())
}
