//! Ziplists: the listpack's predecessor.
//!
//! ```text
//! total bytes 4 | place of the last entry 4 | count 2 (65535: too many) | entry ... | 0xFF
//! ```
//!
//! An entry begins with the size of the one before it: a byte, or 254 and four bytes.

use crate::fault::Fault;
use ds::StrRef;

const HEAD: usize = 10;
const END: u8 = 0xFF;
const COUNT_UNKNOWN: u16 = u16::MAX;
/// The size of the entry before takes four bytes more.
const LONG_PREVIOUS: u8 = 254;

const BAD: Fault = Fault::Bad("a ziplist is damaged");

/// All elements of a ziplist that is sound to the last byte.
pub(crate) fn parse(bytes: &[u8]) -> Result<Vec<StrRef<'_>>, Fault> {
    let head = bytes.first_chunk::<HEAD>().ok_or(BAD)?;
    let total = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
    let tail = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
    let count = u16::from_le_bytes([head[8], head[9]]);
    if total != bytes.len() || bytes.len() == HEAD || bytes[total - 1] != END {
        return Err(BAD);
    }
    let (mut elements, mut at, mut last, mut before) = (Vec::new(), HEAD, HEAD, 0);
    while at < total - 1 {
        let (element, size) = entry(&bytes[at..total - 1], before)?;
        elements.push(element);
        (last, before) = (at, size);
        at += size;
    }
    if last != tail || count != COUNT_UNKNOWN && usize::from(count) != elements.len() {
        return Err(BAD);
    }
    Ok(elements)
}

/// The element of an entry that follows one of `before` bytes, and how many it takes itself.
fn entry(bytes: &[u8], before: usize) -> Result<(StrRef<'_>, usize), Fault> {
    let (previous, head) = match *bytes.first().ok_or(BAD)? {
        LONG_PREVIOUS => (u32::from_le_bytes(chunk(&bytes[1..])?) as usize, 5),
        END => return Err(BAD),
        short => (usize::from(short), 1),
    };
    if previous != before {
        return Err(BAD);
    }
    let (element, size) = element(&bytes[head..])?;
    Ok((element, head + size))
}

fn element(bytes: &[u8]) -> Result<(StrRef<'_>, usize), Fault> {
    let first = *bytes.first().ok_or(BAD)?;
    let text = |head: usize, len: usize| {
        let text = bytes.get(head..).and_then(|rest| rest.get(..len)).ok_or(BAD)?;
        Ok((StrRef::Bytes(text), head + len))
    };
    let rest = &bytes[1..];
    let int = |n: i64, size: usize| Ok((StrRef::Int(n), 1 + size));
    match first {
        0x00..=0x3F => text(1, usize::from(first)),
        0x40..=0x7F => {
            let [low] = chunk(rest)?;
            text(2, usize::from(first & 0x3F) << 8 | usize::from(low))
        }
        0x80 => text(5, u32::from_be_bytes(chunk(rest)?) as usize),
        0xC0 => int(i16::from_le_bytes(chunk(rest)?).into(), 2),
        0xD0 => int(i32::from_le_bytes(chunk(rest)?).into(), 4),
        0xE0 => int(i64::from_le_bytes(chunk(rest)?), 8),
        0xF0 => {
            let [a, b, c] = chunk(rest)?;
            int(i64::from(i32::from_le_bytes([0, a, b, c]) >> 8), 3)
        }
        0xFE => int(i8::from_le_bytes(chunk(rest)?).into(), 1),
        0xF1..=0xFD => int(i64::from(first & 0x0F) - 1, 0),
        _ => Err(BAD),
    }
}

fn chunk<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Fault> {
    bytes.first_chunk().copied().ok_or(BAD)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: [u8; 27] = [
        27, 0, 0, 0, 23, 0, 0, 0, 4, 0, 0, 1, b'a', 3, 0xF0, 1, 0, 0x80, 5, 0xFE, 0x80, 3, 0, 0, 0xF1, 0, END,
    ];

    fn sample() -> Vec<u8> {
        let mut bytes = vec![0, 0, 0, 0, 0, 0, 0, 0, 4, 0];
        bytes.extend([0, 1, b'a', 3, 0xF0, 1, 0, 0x80, 5, 0xFE, 0x80]);
        bytes.extend([3, 0xF1, END]);
        let tail = bytes.len() as u8 - 3;
        (bytes[0], bytes[4]) = (bytes.len() as u8, tail);
        bytes
    }

    #[test]
    fn every_element() {
        let bytes = sample();
        let expect = [StrRef::Bytes(b"a"), StrRef::Int(-8_388_607), StrRef::Int(-128), StrRef::Int(0)];
        assert_eq!(parse(&bytes).as_deref(), Ok(&expect[..]));
        assert_eq!(parse(&[11, 0, 0, 0, 10, 0, 0, 0, 0, 0, END]).as_deref(), Ok(&[][..]));
    }

    #[test]
    fn every_damage_is_seen_or_harmless() {
        let good = sample();
        for at in 0..good.len() {
            for bit in 0..8 {
                let mut bytes = good.clone();
                bytes[at] ^= 1 << bit;
                let _ = parse(&bytes);
            }
            assert_eq!(parse(&good[..at]), Err(BAD));
        }
        assert_eq!(parse(&SAMPLE), Err(BAD), "an entry before that is shorter than stated");
    }
}
