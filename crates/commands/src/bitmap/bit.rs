//! GETBIT and SETBIT. Bit 0 is the highest of the first byte.

use base::num::parse_i64;
use store::{Expiry, IntText, NewString};

use super::BAD_OFFSET;
use crate::args::Refused;
use crate::command::Cmd;
use crate::effects::Class;
use crate::string::{read, text, text_of};

const BAD_BIT: Refused = Refused("bit is not an integer or out of range");

/// `GETBIT key offset`: 0 beyond the end.
pub fn getbit(cmd: &mut Cmd<'_, '_>) {
    let result = try_getbit(cmd);
    cmd.end(result);
}

fn try_getbit(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let place = place(cmd)?;
    let mut scratch = IntText::new();
    let value = text(read(cmd.keys, cmd.effects, cmd.db, cmd.first())?, &mut scratch);
    let byte = value.get(place.byte).copied().unwrap_or(0);
    cmd.out.int(i64::from(byte & place.mask != 0));
    Ok(())
}

/// `SETBIT key offset value`: returns the bit as it was. The string grows to hold it, with zero bytes.
pub fn setbit(cmd: &mut Cmd<'_, '_>) {
    let result = try_setbit(cmd);
    cmd.end(result);
}

fn try_setbit(cmd: &mut Cmd<'_, '_>) -> Result<(), Refused> {
    let place = place(cmd)?;
    let on = match parse_i64(cmd.args.at(3)) {
        Some(0) => false,
        Some(1) => true,
        _ => return Err(BAD_BIT),
    };
    let (key, len) = (cmd.first(), place.byte + 1);
    let (was, grew) = match cmd.keys.lookup_mut(cmd.db, key) {
        None => {
            let mut whole = vec![0; len];
            place.set(&mut whole, on);
            cmd.put_as(key, NewString::Raw(&whole), Expiry::Clear);
            (false, true)
        }
        Some(mut entry) => {
            let grew = text_of(entry.view())?.len() < len;
            (entry.with_bytes(len, |bytes| place.set(bytes, on)), grew)
        }
    };
    if grew || was != on {
        cmd.changed(key, Class::String, "setbit");
    }
    cmd.out.int(i64::from(was));
    Ok(())
}

/// Where a bit lies.
#[derive(Clone, Copy)]
struct Place {
    byte: usize,
    mask: u8,
}

impl Place {
    /// Sets or clears the bit; returns it as it was.
    fn set(self, bytes: &mut [u8], on: bool) -> bool {
        let byte = &mut bytes[self.byte];
        let was = *byte & self.mask != 0;
        *byte = if on { *byte | self.mask } else { *byte & !self.mask };
        was
    }
}

/// The bit that the request's second argument names.
fn place(cmd: &Cmd<'_, '_>) -> Result<Place, Refused> {
    let offset = parse_i64(cmd.args.at(2)).and_then(|n| usize::try_from(n).ok()).ok_or(BAD_OFFSET)?;
    let byte = offset / 8;
    if byte >= cmd.env.string_bytes_max {
        return Err(BAD_OFFSET);
    }
    Ok(Place { byte, mask: 0x80 >> (offset % 8) })
}
