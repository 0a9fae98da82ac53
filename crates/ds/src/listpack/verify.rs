//! Listpacks from outside.

use super::codec::{END, backlen_size, read_backlen, size_of_entry};
use super::{Block, COUNT_UNKNOWN, EMPTY, HEAD, Listpack, ListpackRef};
use crate::StrRef;

/// Most bytes that the length behind an entry takes.
const BACKLEN_MAX: usize = 5;

/// What is wrong with bytes that ought to be a listpack.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadListpack {
    /// The stated length is not that of the bytes, or out of bounds.
    #[error("the length is wrong")]
    Length,
    /// The last byte is not the end mark.
    #[error("the end is missing")]
    End,
    /// An entry says nothing sensible, or reaches beyond the end.
    #[error("an entry is damaged")]
    Entry,
    /// The length behind an entry is not that of the entry.
    #[error("a length behind an entry is wrong")]
    Backlen,
    /// The stated count is not that of the entries.
    #[error("the count is wrong")]
    Count,
}

impl Listpack {
    /// Takes bytes from outside: they are checked to the last one. The lengths behind entries of some rare sizes, which
    /// Redis writes longer, are brought into our form.
    pub fn parse(bytes: &[u8]) -> Result<Listpack, BadListpack> {
        if walk(bytes)? {
            return Ok(Listpack(Block::new(bytes)));
        }
        let mut pack = Listpack::new();
        let (mut at, mut values) = (HEAD, Vec::new());
        while bytes[at] != END {
            let size = size_of_entry(&bytes[at..]).ok_or(BadListpack::Entry)?;
            values.push(ListpackRef::new(bytes).get(at));
            at += size + backlen_present(bytes, at, size).ok_or(BadListpack::Backlen)?;
        }
        pack.extend(values.iter().copied());
        Ok(pack)
    }

    /// Takes bytes from outside; the elements, too, must satisfy a test.
    pub fn parse_where(
        bytes: &[u8],
        mut fits: impl FnMut(usize, StrRef<'_>) -> bool,
    ) -> Result<Listpack, BadListpack> {
        let pack = Listpack::parse(bytes)?;
        let good = pack.view().iter().enumerate().all(|(i, value)| fits(i, value));
        if good { Ok(pack) } else { Err(BadListpack::Entry) }
    }
}

/// Whether bytes are a listpack in our own form.
pub(super) fn sound(bytes: &[u8]) -> Result<(), BadListpack> {
    if walk(bytes)? { Ok(()) } else { Err(BadListpack::Backlen) }
}

/// Checks everything. False if a length behind an entry is longer than we would write it.
fn walk(bytes: &[u8]) -> Result<bool, BadListpack> {
    let len = bytes.len();
    if len < EMPTY.len() || u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize != len {
        return Err(BadListpack::Length);
    }
    let (mut at, mut count, mut ours) = (HEAD, 0usize, true);
    while at < len - 1 {
        let size = size_of_entry(&bytes[at..]).ok_or(BadListpack::Entry)?;
        if size > len - 1 - at {
            return Err(BadListpack::Entry);
        }
        let backlen = backlen_present(bytes, at, size).ok_or(BadListpack::Backlen)?;
        ours &= backlen == backlen_size(size);
        at += size + backlen;
        count += 1;
    }
    if at != len - 1 || bytes[at] != END {
        return Err(BadListpack::End);
    }
    let stated = u16::from_le_bytes([bytes[4], bytes[5]]);
    if stated != COUNT_UNKNOWN && usize::from(stated) != count {
        return Err(BadListpack::Count);
    }
    Ok(ours)
}

/// How many bytes the length behind an entry takes: as we write it, or one more.
fn backlen_present(bytes: &[u8], at: usize, size: usize) -> Option<usize> {
    let ours = backlen_size(size);
    (ours..=(ours + 1).min(BACKLEN_MAX)).find(|len| {
        let end = at + size + len;
        end < bytes.len()
            && bytes[at + size] & 0x80 == 0
            && bytes[at + size + 1..end].iter().all(|byte| byte & 0x80 != 0)
            && read_backlen(bytes, end) == (size, *len)
    })
}
