//! Intsets from outside.

use super::{Block, HEAD, Intset, read};

/// What is wrong with bytes that ought to be an intset.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadIntset {
    /// Width or count are not those of the bytes, or there is no integer.
    #[error("the length is wrong")]
    Length,
    /// An integer is not above the one before.
    #[error("the integers do not ascend")]
    Order,
}

impl Intset {
    /// Takes bytes from outside: they are checked to the last one.
    pub fn parse(bytes: &[u8]) -> Result<Intset, BadIntset> {
        sound(bytes)?;
        Ok(Intset(Block::new(bytes)))
    }
}

/// Whether bytes are an intset that is not empty.
pub(super) fn sound(bytes: &[u8]) -> Result<(), BadIntset> {
    let (head, integers) = bytes.split_first_chunk::<HEAD>().ok_or(BadIntset::Length)?;
    let width = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
    let count = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
    if !matches!(width, 2 | 4 | 8) || count == 0 || count.checked_mul(width) != Some(integers.len()) {
        return Err(BadIntset::Length);
    }
    let ascends = (1..count).all(|i| read(bytes, width, i - 1) < read(bytes, width, i));
    if ascends { Ok(()) } else { Err(BadIntset::Order) }
}
