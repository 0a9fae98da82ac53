//! The functions that read and change settings.

use std::cell::Cell;
use std::rc::Rc;

use mlua::{Lua, Result, Table, Value};

use crate::libs::arguments::{Arguments, Few};

/// Digits that numbers can be written with.
const PRECISION_MAX: i32 = 14;

/// How JSON is written and read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub sparse: Sparse,
    pub encode_depth_max: i32,
    pub decode_depth_max: i32,
    /// Significant digits.
    pub precision: i32,
    /// Kept for its getter: buffers are not reused.
    pub keep_buffer: bool,
    pub encode_invalid: Invalid,
    /// Whether infinities, not-a-number, hexadecimal numbers and leading zeros are read.
    pub decode_invalid: bool,
}

/// Which arrays have too many holes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sparse {
    /// They become objects instead of errors.
    pub convert: bool,
    /// Places for each element; 0 allows any number.
    pub ratio: i32,
    /// Arrays of at most so many places are never too sparse.
    pub safe: i32,
}

/// What is written for infinities and not-a-number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Invalid {
    /// Nothing: an error.
    Refused,
    /// Their names.
    Named,
    /// `null`.
    Null,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            sparse: Sparse { convert: false, ratio: 2, safe: 10 },
            encode_depth_max: 1000,
            decode_depth_max: 1000,
            precision: PRECISION_MAX,
            keep_buffer: true,
            encode_invalid: Invalid::Refused,
            decode_invalid: true,
        }
    }
}

/// Each function sets what it is given, and returns what holds then.
pub(super) fn add(lua: &Lua, cjson: &Table, settings: &Rc<Cell<Settings>>) -> Result<()> {
    let shared = settings.clone();
    let sparse = lua.create_function(move |lua, args: Few| {
        let args = args.into();
        at_most(lua, &args, 3)?;
        let mut now = shared.get();
        // What was set before a bad argument stays, as in Lua-CJSON.
        let done = set_sparse(lua, &args, &mut now.sparse);
        shared.set(now);
        done.map(|()| (now.sparse.convert, now.sparse.ratio, now.sparse.safe))
    })?;
    cjson.raw_set("encode_sparse_array", sparse)?;
    add_integer(lua, cjson, settings, "encode_max_depth", i32::MAX, |now| &mut now.encode_depth_max)?;
    add_integer(lua, cjson, settings, "decode_max_depth", i32::MAX, |now| &mut now.decode_depth_max)?;
    add_integer(lua, cjson, settings, "encode_number_precision", PRECISION_MAX, |now| &mut now.precision)?;
    add_switch(lua, cjson, settings, "encode_keep_buffer", |now| &mut now.keep_buffer)?;
    add_switch(lua, cjson, settings, "decode_invalid_numbers", |now| &mut now.decode_invalid)?;
    let shared = settings.clone();
    let invalid = lua.create_function(move |lua, args: Few| {
        let args = args.into();
        at_most(lua, &args, 1)?;
        let mut now = shared.get();
        if let Some(choice) = choice(lua, &args, true)? {
            now.encode_invalid = choice;
            shared.set(now);
        }
        Ok(match now.encode_invalid {
            Invalid::Refused => Value::Boolean(false),
            Invalid::Named => Value::Boolean(true),
            Invalid::Null => Value::String(lua.create_string("null")?),
        })
    })?;
    cjson.raw_set("encode_invalid_numbers", invalid)
}

fn set_sparse(lua: &Lua, args: &Arguments, sparse: &mut Sparse) -> Result<()> {
    if let Some(choice) = choice(lua, args, false)? {
        sparse.convert = choice == Invalid::Named;
    }
    set_integer(lua, args, 2, 0..=i32::MAX, &mut sparse.ratio)?;
    set_integer(lua, args, 3, 0..=i32::MAX, &mut sparse.safe)
}

type Field<T> = fn(&mut Settings) -> &mut T;

fn add_integer(
    lua: &Lua,
    cjson: &Table,
    settings: &Rc<Cell<Settings>>,
    name: &str,
    max: i32,
    field: Field<i32>,
) -> Result<()> {
    let shared = settings.clone();
    let function = lua.create_function(move |lua, args: Few| {
        let args = args.into();
        at_most(lua, &args, 1)?;
        let mut now = shared.get();
        set_integer(lua, &args, 1, 1..=max, field(&mut now))?;
        shared.set(now);
        Ok(*field(&mut now))
    })?;
    cjson.raw_set(name, function)
}

fn add_switch(
    lua: &Lua,
    cjson: &Table,
    settings: &Rc<Cell<Settings>>,
    name: &str,
    field: Field<bool>,
) -> Result<()> {
    let shared = settings.clone();
    let function = lua.create_function(move |lua, args: Few| {
        let args = args.into();
        at_most(lua, &args, 1)?;
        let mut now = shared.get();
        if let Some(choice) = choice(lua, &args, false)? {
            *field(&mut now) = choice == Invalid::Named;
            shared.set(now);
        }
        Ok(*field(&mut now))
    })?;
    cjson.raw_set(name, function)
}

fn at_most(lua: &Lua, args: &Arguments, count: usize) -> Result<()> {
    if args.len() > count {
        return Err(args.refuse(lua, count + 1, "found too many arguments"));
    }
    Ok(())
}

fn set_integer(
    lua: &Lua,
    args: &Arguments,
    index: usize,
    allowed: std::ops::RangeInclusive<i32>,
    to: &mut i32,
) -> Result<()> {
    if args.value(index)?.is_nil() {
        return Ok(());
    }
    // The interface of the C library is `int`: more significant bits go unseen.
    let n = args.integer(lua, index)? as i32;
    if !allowed.contains(&n) {
        let text = format!("expected integer between {} and {}", allowed.start(), allowed.end());
        return Err(args.refuse(lua, 1, &text));
    }
    *to = n;
    Ok(())
}

/// The first argument: a boolean, or its name; `None` if nil.
fn choice(lua: &Lua, args: &Arguments, or_null: bool) -> Result<Option<Invalid>> {
    match args.value(1)? {
        Value::Nil => Ok(None),
        Value::Boolean(false) => Ok(Some(Invalid::Refused)),
        Value::Boolean(true) => Ok(Some(Invalid::Named)),
        _ => {
            let text = args.string(lua, 1)?;
            match &text.as_bytes()[..] {
                b"off" => Ok(Some(Invalid::Refused)),
                b"on" => Ok(Some(Invalid::Named)),
                b"null" if or_null => Ok(Some(Invalid::Null)),
                other => {
                    let shown = String::from_utf8_lossy(other);
                    Err(args.refuse(lua, 1, &format!("invalid option '{shown}'")))
                }
            }
        }
    }
}
