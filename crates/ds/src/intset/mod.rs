//! Sorted integers in one run of bytes, the same as that of Redis and Valkey:
//!
//! ```text
//! bytes of each 4 (2, 4 or 8) | count 4 | integers, ascending
//! ```
//!
//! The width is that of the widest integer that was ever in the set.

mod verify;

pub use verify::BadIntset;

use crate::block::Block;
use std::ptr::NonNull;

const HEAD: usize = 8;

/// An owned set of integers: a thin pointer to its bytes.
pub struct Intset(Block);

/// Bytes that an integer needs.
#[inline]
fn width_of(n: i64) -> usize {
    if i16::try_from(n).is_ok() {
        2
    } else if i32::try_from(n).is_ok() {
        4
    } else {
        8
    }
}

#[inline]
fn read(bytes: &[u8], width: usize, index: usize) -> i64 {
    let at = HEAD + index * width;
    match width {
        2 => i64::from(i16::from_le_bytes([bytes[at], bytes[at + 1]])),
        4 => i64::from(i32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])),
        _ => i64::from_le_bytes(*bytes[at..].first_chunk().expect("an integer has eight bytes")),
    }
}

fn write(bytes: &mut [u8], width: usize, index: usize, n: i64) {
    let at = HEAD + index * width;
    bytes[at..at + width].copy_from_slice(&n.to_le_bytes()[..width]);
}

impl Intset {
    /// An empty one.
    pub fn new() -> Intset {
        Intset(Block::new(&[2, 0, 0, 0, 0, 0, 0, 0]))
    }

    /// One of these integers, in any order.
    pub fn of(mut numbers: Vec<i64>) -> Intset {
        numbers.sort_unstable();
        numbers.dedup();
        let width = numbers.iter().map(|n| width_of(*n)).max().unwrap_or(2);
        let count = u32::try_from(numbers.len()).expect("an intset has fewer than 2^32 integers");
        let mut bytes = vec![0; HEAD + numbers.len() * width];
        bytes[..4].copy_from_slice(&(width as u32).to_le_bytes());
        bytes[4..HEAD].copy_from_slice(&count.to_le_bytes());
        for (index, n) in numbers.into_iter().enumerate() {
            write(&mut bytes, width, index, n);
        }
        Intset(Block::new(&bytes))
    }

    /// Bytes of each integer.
    #[inline]
    fn width(&self) -> usize {
        // SAFETY: an intset has a head of eight bytes.
        unsafe { self.0.first_u32() as usize }
    }

    /// Number of integers.
    #[inline]
    pub fn len(&self) -> usize {
        // SAFETY: an intset has a head of eight bytes.
        let head = unsafe { self.0.bytes(HEAD) };
        u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize
    }

    /// Whether there is none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of all bytes.
    #[inline]
    fn total(&self) -> usize {
        HEAD + self.len() * self.width()
    }

    /// The whole, as it goes into dumps.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: head and integers make the total.
        unsafe { self.0.bytes(self.total()) }
    }

    /// Bytes of memory that it holds.
    #[inline]
    pub fn allocated(&self) -> usize {
        self.0.allocated(self.total())
    }

    /// The integer at an index, in ascending order.
    #[inline]
    pub fn get(&self, index: usize) -> Option<i64> {
        (index < self.len()).then(|| read(self.bytes(), self.width(), index))
    }

    /// Whether an integer is there.
    #[inline]
    pub fn contains(&self, n: i64) -> bool {
        self.find(n).is_ok()
    }

    /// Where an integer is, or would be.
    pub fn find(&self, n: i64) -> Result<usize, usize> {
        let (bytes, width) = (self.bytes(), self.width());
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            match read(bytes, width, middle).cmp(&n) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Ok(middle),
            }
        }
        Err(low)
    }

    /// Adds an integer. False if it was there.
    pub fn insert(&mut self, n: i64) -> bool {
        let Err(index) = self.find(n) else { return false };
        if width_of(n) > self.width() {
            self.widen(width_of(n));
        }
        let (len, width, total) = (self.len(), self.width(), self.total());
        let at = HEAD + index * width;
        // SAFETY: the block has `total` bytes.
        let bytes = unsafe { self.0.splice(total, at..at, width) };
        write(bytes, width, index, n);
        bytes[4..HEAD].copy_from_slice(&(len as u32 + 1).to_le_bytes());
        true
    }

    /// Removes an integer. False if it was not there.
    pub fn remove(&mut self, n: i64) -> bool {
        let Ok(index) = self.find(n) else { return false };
        let (len, width, total) = (self.len(), self.width(), self.total());
        let at = HEAD + index * width;
        // SAFETY: the block has `total` bytes.
        let bytes = unsafe { self.0.splice(total, at..at + width, 0) };
        bytes[4..HEAD].copy_from_slice(&(len as u32 - 1).to_le_bytes());
        true
    }

    /// All integers, ascending; from the back too.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = i64> + ExactSizeIterator + Clone + '_ {
        let (bytes, width) = (self.bytes(), self.width());
        (0..self.len()).map(move |index| read(bytes, width, index))
    }

    /// Gives each integer more bytes.
    fn widen(&mut self, to: usize) {
        let (len, from, total) = (self.len(), self.width(), self.total());
        // SAFETY: the block has `total` bytes.
        let bytes = unsafe { self.0.splice(total, total..total, len * (to - from)) };
        for index in (0..len).rev() {
            let n = read(bytes, from, index);
            write(bytes, to, index, n);
        }
        bytes[..4].copy_from_slice(&(to as u32).to_le_bytes());
    }

    /// Gives the ownership up.
    pub fn into_raw(self) -> NonNull<u8> {
        let set = std::mem::ManuallyDrop::new(self);
        // SAFETY: the block is read once; the set that owned it is not dropped.
        unsafe { std::ptr::read(&set.0) }.into_raw()
    }

    /// Takes the ownership back.
    ///
    /// # Safety
    /// `raw` came from `into_raw`, and is taken back once.
    pub unsafe fn from_raw(raw: NonNull<u8>) -> Intset {
        // SAFETY: the caller vouches for it.
        Intset(unsafe { Block::from_raw(raw) })
    }

    /// Panics if the bytes contradict each other.
    pub fn check_invariants(&self) {
        if !self.is_empty()
            && let Err(why) = verify::sound(self.bytes())
        {
            panic!("{why}: {self:?}");
        }
    }
}

impl Default for Intset {
    fn default() -> Intset {
        Intset::new()
    }
}

impl Clone for Intset {
    fn clone(&self) -> Intset {
        Intset(Block::new(self.bytes()))
    }
}

impl Drop for Intset {
    fn drop(&mut self) {
        let total = self.total();
        // SAFETY: the block has as many bytes, and is not used any more.
        unsafe { self.0.free(total) }
    }
}

impl PartialEq for Intset {
    fn eq(&self, other: &Intset) -> bool {
        self.bytes() == other.bytes()
    }
}

impl Eq for Intset {}

impl std::fmt::Debug for Intset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests;
