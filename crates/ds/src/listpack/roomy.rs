//! A listpack with room at both ends, for one that elements are pushed to and popped from: neither moves the others.

use super::codec::{Coded, END};
use super::{EMPTY, HEAD, Listpack, ListpackRef, count_after};
use crate::StrRef;
use crate::block::Block;
use crate::class::class_of;
use std::mem::ManuallyDrop;
use std::ops::Range;

/// When there is no room, it grows by so many parts of its length: one.
const GROWTH_PART: usize = 4;
/// More room than so many times what is in use is too much.
const WASTE_MAX: usize = 2;
/// Bytes of a block that are never too many.
const SMALL: usize = 256;

/// A sound listpack in the middle of a larger block; never an empty one for longer than a change takes.
pub struct Roomy {
    block: Block,
    /// Bytes of the block, an allocation class; all of them are written.
    capacity: u32,
    start: u32,
    total: u32,
}

impl Roomy {
    /// Takes the bytes of a listpack.
    pub fn of(pack: Listpack) -> Roomy {
        let pack = pack.alone();
        let (total, capacity) = (pack.total(), pack.allocated());
        // SAFETY: the listpack has the block to itself, which is as large as the class of its length.
        let block = unsafe {
            let mut block = Block::from_raw(pack.into_raw());
            block.clear(total..capacity);
            block
        };
        Roomy { block, capacity: capacity as u32, start: 0, total: total as u32 }
    }

    /// The same without room.
    pub fn into_pack(self) -> Listpack {
        let mut roomy = ManuallyDrop::new(self);
        let (range, total, capacity) = (roomy.range(), roomy.total(), roomy.capacity as usize);
        roomy.bytes_mut().copy_within(range, 0);
        // SAFETY: the block has `capacity` bytes and is read once: what owned it is not dropped. The listpack, which
        // begins with its length, lies at its start.
        unsafe {
            let mut block = std::ptr::read(&roomy.block);
            block.resize(capacity, total);
            Listpack::from_raw(block.into_raw())
        }
    }

    /// For reading.
    #[inline]
    pub fn view(&self) -> ListpackRef<'_> {
        // SAFETY: the block has as many bytes.
        let bytes = unsafe { self.block.bytes(self.capacity as usize) };
        ListpackRef::new(&bytes[self.range()])
    }

    /// Bytes of the listpack.
    #[inline]
    pub fn total(&self) -> usize {
        self.total as usize
    }

    /// Bytes of memory that it holds.
    #[inline]
    pub fn allocated(&self) -> usize {
        self.capacity as usize
    }

    /// Whether much of the room is unlikely to be of use.
    pub fn is_wasteful(&self) -> bool {
        self.allocated() > SMALL && self.allocated() > WASTE_MAX * self.total()
    }

    /// Adds an element at the beginning.
    #[inline]
    pub fn push_front(&mut self, value: StrRef<'_>) {
        let coded = Coded::new(value);
        let more = coded.total();
        if (self.start as usize) < more {
            self.make_room(more, 0);
        }
        let count = count_after(self.view().stored_count(), 0, 1);
        let start = self.start as usize - more;
        self.write_head(start, self.total() + more, count);
        coded.write(&mut self.bytes_mut()[start + HEAD..start + HEAD + more]);
    }

    /// Adds an element at the end.
    #[inline]
    pub fn push_back(&mut self, value: StrRef<'_>) {
        let coded = Coded::new(value);
        let more = coded.total();
        if self.capacity as usize - self.range().end < more {
            self.make_room(0, more);
        }
        let count = count_after(self.view().stored_count(), 0, 1);
        let end = self.range().end;
        self.write_head(self.start as usize, self.total() + more, count);
        let rest = coded.write(&mut self.bytes_mut()[end - 1..end + more]);
        rest[0] = END;
    }

    /// Removes the first `count` elements, or all that are there.
    pub fn remove_front(&mut self, count: usize) {
        let (to, removed) = self.view().run(HEAD, count);
        let (start, total) = (self.start as usize + to - HEAD, self.total() - (to - HEAD));
        let count = count_after(self.view().stored_count(), removed, 0);
        self.write_head(start, total, count);
    }

    /// Removes the last `count` elements, or all that are there.
    pub fn remove_back(&mut self, count: usize) {
        let (view, mut at, mut removed) = (self.view(), self.view().end(), 0);
        while removed < count
            && let Some(before) = view.before(at)
        {
            at = before;
            removed += 1;
        }
        let (start, count) = (self.start as usize, count_after(view.stored_count(), removed, 0));
        self.bytes_mut()[start + at] = END;
        self.write_head(start, at + 1, count);
    }

    /// Panics if the bytes contradict each other.
    pub fn check_invariants(&self) {
        assert_eq!(self.capacity as usize, class_of(self.capacity as usize));
        assert_eq!(self.view().bytes().len(), self.total());
        Listpack::copy_of(self.view()).check_invariants();
    }

    #[inline]
    fn range(&self) -> Range<usize> {
        self.start as usize..(self.start + self.total) as usize
    }

    #[inline]
    fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: the block has as many bytes, all of them written.
        unsafe { self.block.bytes_mut(self.capacity as usize) }
    }

    #[inline]
    fn write_head(&mut self, start: usize, total: usize, count: u16) {
        (self.start, self.total) = (start as u32, total as u32);
        let count = if total == EMPTY.len() { 0 } else { count };
        let head = &mut self.bytes_mut()[start..start + HEAD];
        head[..4].copy_from_slice(&(total as u32).to_le_bytes());
        head[4..].copy_from_slice(&count.to_le_bytes());
    }

    /// Sees to it that so many bytes fit before and behind. Room at the other end is kept, or shared if it is ample.
    #[cold]
    fn make_room(&mut self, before: usize, behind: usize) {
        let (total, capacity) = (self.total(), self.capacity as usize);
        let growth = before + behind + total / GROWTH_PART;
        let spare = capacity - total;
        if spare >= growth {
            let (range, start) = (self.range(), before + (spare - before - behind) / 2);
            self.bytes_mut().copy_within(range, start);
            self.start = start as u32;
            return;
        }
        let larger = class_of(capacity + growth);
        assert!(u32::try_from(larger).is_ok());
        let start = self.start as usize + if before > 0 { larger - capacity } else { 0 };
        let block = Block::around(self.view().bytes(), start, larger);
        // SAFETY: the old block has `capacity` bytes, and is not used after this.
        unsafe { std::mem::replace(&mut self.block, block).free(capacity) }
        (self.start, self.capacity) = (start as u32, larger as u32);
    }
}

impl Clone for Roomy {
    /// Without the room.
    fn clone(&self) -> Roomy {
        Roomy::of(Listpack::copy_of(self.view()))
    }
}

impl Drop for Roomy {
    fn drop(&mut self) {
        // SAFETY: the block has as many bytes, and is not used any more.
        unsafe { self.block.free(self.capacity as usize) }
    }
}

impl std::fmt::Debug for Roomy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.view().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    fn texts(view: ListpackRef<'_>) -> VecDeque<Vec<u8>> {
        view.iter().map(StrRef::to_vec).collect()
    }

    proptest! {
        #[test]
        fn is_a_queue_with_two_ends(steps in proptest::collection::vec((0u8..7, 0usize..90), 1..300)) {
            let mut roomy = Roomy::of(Listpack::new());
            let mut model = VecDeque::new();
            for (step, n) in steps {
                let text = vec![b'0' + (n % 10) as u8; n];
                match step {
                    0 | 1 => {
                        roomy.push_front(StrRef::Bytes(&text));
                        model.push_front(text);
                    }
                    2 | 3 => {
                        roomy.push_back(StrRef::Bytes(&text));
                        model.push_back(text);
                    }
                    4 => {
                        roomy.remove_front(n % 4);
                        model.drain(..(n % 4).min(model.len()));
                    }
                    5 => {
                        roomy.remove_back(n % 4);
                        model.truncate(model.len() - (n % 4).min(model.len()));
                    }
                    _ if n % 2 == 0 => roomy = roomy.clone(),
                    _ => roomy = Roomy::of(roomy.into_pack()),
                }
                roomy.check_invariants();
                prop_assert_eq!(texts(roomy.view()), model.clone());
            }
            let pack = roomy.into_pack();
            pack.check_invariants();
            prop_assert_eq!(texts(pack.view()), model);
        }
    }

    #[test]
    fn pushes_at_both_ends_in_turn_seldom_move_anything() {
        let mut roomy = Roomy::of(Listpack::new());
        let (mut moved, mut last) = (0, roomy.capacity);
        for i in 0..2000 {
            roomy.push_front(StrRef::Int(i));
            roomy.push_back(StrRef::Int(i));
            moved += usize::from(std::mem::replace(&mut last, roomy.capacity) != roomy.capacity);
        }
        assert!(moved < 60, "{moved}");
    }
}
