//! Zipmaps: small hashes of servers before Redis 2.6.
//!
//! ```text
//! count 1 (254 and more: unknown) | length, field, length, free 1, value, free bytes ... | 0xFF
//! ```

use crate::fault::Fault;

const COUNT_UNKNOWN: u8 = 254;
/// The length takes four bytes more.
const LONG: u8 = 254;
const END: u8 = 0xFF;

const BAD: Fault = Fault::Bad("a zipmap is damaged");

/// A field with its value.
type Pair<'a> = (&'a [u8], &'a [u8]);

/// All fields and values of a zipmap that is sound to the last byte.
pub(crate) fn parse(bytes: &[u8]) -> Result<Vec<Pair<'_>>, Fault> {
    let (count, mut rest) = bytes.split_first().ok_or(BAD)?;
    let mut pairs = Vec::new();
    while *rest.first().ok_or(BAD)? != END {
        let field_len = length(&mut rest)?;
        let field = take(&mut rest, field_len)?;
        let value_len = length(&mut rest)?;
        let free = usize::from(take(&mut rest, 1)?[0]);
        let value = take(&mut rest, value_len)?;
        take(&mut rest, free)?;
        pairs.push((field, value));
    }
    let counted = *count < COUNT_UNKNOWN;
    if rest.len() != 1 || counted && usize::from(*count) != pairs.len() {
        return Err(BAD);
    }
    Ok(pairs)
}

fn length(rest: &mut &[u8]) -> Result<usize, Fault> {
    match take(rest, 1)?[0] {
        LONG => {
            let long = take(rest, 4)?;
            let len = u32::from_le_bytes([long[0], long[1], long[2], long[3]]);
            // Servers go by the length to find the next one, and so write each in one way only.
            if len < u32::from(LONG) { Err(BAD) } else { Ok(len as usize) }
        }
        END => Err(BAD),
        short => Ok(usize::from(short)),
    }
}

fn take<'a>(rest: &mut &'a [u8], n: usize) -> Result<&'a [u8], Fault> {
    let (taken, after) = rest.split_at_checked(n).ok_or(BAD)?;
    *rest = after;
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_values_and_free_bytes() {
        let bytes = [2, 1, b'a', 1, 2, b'1', 0, 0, 0, 1, 0, b'x', END];
        assert_eq!(parse(&bytes), Ok(vec![(&b"a"[..], &b"1"[..]), (b"", b"x")]));
        for cut in 0..bytes.len() {
            assert_eq!(parse(&bytes[..cut]), Err(BAD));
        }
        assert_eq!(parse(&[&bytes[..], &[END]].concat()), Err(BAD));
        assert_eq!(parse(&[&[3][..], &bytes[1..]].concat()), Err(BAD), "a wrong count");
        assert!(parse(&[&[254][..], &bytes[1..]].concat()).is_ok());
        assert_eq!(parse(&[0, END]), Ok(vec![]));
        assert_eq!(
            parse(&[1, LONG, 1, 0, 0, 0, b'a', 0, 0, END]),
            Err(BAD),
            "a short length in the long form"
        );
    }
}
