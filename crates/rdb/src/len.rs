//! The coding of lengths: two bits say how many bytes follow.
//!
//! ```text
//! 00 6 bits | 01 14 bits | 0x80 32 bits | 0x81 64 bits, big-endian | 11 a special string
//! ```

use crate::cursor::Cursor;
use crate::fault::Fault;

const BITS_14: u8 = 0x40;
const BITS_32: u8 = 0x80;
const BITS_64: u8 = 0x81;
const SPECIAL: u8 = 0xC0;

const SIX_BITS_MAX: u64 = (1 << 6) - 1;
const FOURTEEN_BITS_MAX: u64 = (1 << 14) - 1;

/// A length, or the mark of a string that is no plain run of bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Len {
    Plain(u64),
    Special(u8),
}

pub(crate) fn read(from: &mut Cursor<'_>) -> Result<Len, Fault> {
    let first = from.byte()?;
    Ok(match first {
        0..BITS_14 => Len::Plain(u64::from(first)),
        BITS_14..BITS_32 => Len::Plain(u64::from(first & 0x3F) << 8 | u64::from(from.byte()?)),
        BITS_32 => Len::Plain(u64::from(u32::from_be_bytes(from.array()?))),
        BITS_64 => Len::Plain(u64::from_be_bytes(from.array()?)),
        SPECIAL.. => Len::Special(first & 0x3F),
        _ => return Err(Fault::Bad("a length begins with no known mark")),
    })
}

/// Writes a length in its smallest form.
pub(crate) fn write(out: &mut Vec<u8>, n: u64) {
    if n <= SIX_BITS_MAX {
        out.push(n as u8);
    } else if n <= FOURTEEN_BITS_MAX {
        out.extend_from_slice(&[BITS_14 | (n >> 8) as u8, n as u8]);
    } else if let Ok(n) = u32::try_from(n) {
        out.push(BITS_32);
        out.extend_from_slice(&n.to_be_bytes());
    } else {
        out.push(BITS_64);
        out.extend_from_slice(&n.to_be_bytes());
    }
}

/// Writes the mark of a special string.
pub(crate) fn write_special(out: &mut Vec<u8>, kind: u8) {
    out.push(SPECIAL | kind);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_width_goes_there_and_back() {
        let bounds = [0, 63, 64, 16383, 16384, u64::from(u32::MAX), 1 << 32, u64::MAX];
        for (n, size) in bounds.into_iter().zip([1, 1, 2, 2, 5, 5, 9, 9]) {
            let mut out = Vec::new();
            write(&mut out, n);
            assert_eq!(out.len(), size, "{n}");
            assert_eq!(read(&mut Cursor::new(&out)), Ok(Len::Plain(n)));
            for cut in 0..size {
                assert_eq!(read(&mut Cursor::new(&out[..cut])), Err(Fault::Short));
            }
        }
    }

    #[test]
    fn marks() {
        assert_eq!(read(&mut Cursor::new(&[0xC3])), Ok(Len::Special(3)));
        assert!(matches!(read(&mut Cursor::new(&[0x82, 0, 0, 0, 0])), Err(Fault::Bad(_))));
        assert_eq!(read(&mut Cursor::new(&[0x80, 0, 0, 0, 3])), Ok(Len::Plain(3)), "longer than need be");
    }
}
