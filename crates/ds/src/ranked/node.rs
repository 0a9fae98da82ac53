//! The nodes of the tree: leaves of pointers to members, and branches of children with the least element of each.
//!
//! A node is an array of slots filled from the front. All of them have their slots moved by the same few operations.

use super::member::MemberRef;
use crate::class::{class_of, obtain, release};
use std::marker::PhantomData;
use std::ptr::{NonNull, addr_of, addr_of_mut, with_exposed_provenance_mut};

const ALIGN: usize = 8;
/// Bytes of a pointer in a leaf: a sixth of a big sorted set's memory is in them.
const POINTER_LEN: usize = 6;

/// Slots of a leaf: with its length, one allocation class.
pub(super) const LEAF_SLOTS: usize = 63;
/// Slots of a branch: with its length, one allocation class.
pub(super) const BRANCH_SLOTS: usize = 36;

#[repr(C)]
struct LeafBlock {
    /// A word is read for each pointer, so two bytes before the first must be there.
    len: u16,
    pointers: [[u8; POINTER_LEN]; LEAF_SLOTS],
}

#[repr(C)]
struct BranchBlock {
    len: u16,
    scores: [f64; BRANCH_SLOTS],
    leasts: [NonNull<u8>; BRANCH_SLOTS],
    children: [NonNull<u8>; BRANCH_SLOTS],
    counts: [u32; BRANCH_SLOTS],
}

const _: () = assert!(class_of(size_of::<LeafBlock>()) == 384 && class_of(size_of::<BranchBlock>()) == 1024);

/// An array of slots. The handle is an address: whoever has it knows that the node lives, and that nobody else changes
/// it while it is used.
pub(super) trait Node: Copy {
    /// Slots that it has room for.
    const SLOTS: usize;
    /// Bytes of its allocation.
    const BYTES: usize;

    /// # Safety
    /// `raw` is a live node of this sort.
    unsafe fn at(raw: NonNull<u8>) -> Self;
    fn raw(self) -> NonNull<u8>;
    fn len(self) -> usize;
    fn set_len(self, len: usize);
    /// Moves `n` slots from an index to another of `to`, which may be this node.
    fn move_slots(self, from: usize, to: Self, at: usize, n: usize);
    /// The element that comes first, of a node that is not empty.
    fn least(self) -> NonNull<u8>;
    /// Elements below it.
    fn count(self) -> usize;

    /// A new node, empty.
    fn obtain() -> Self {
        // SAFETY: a fresh block of the node's size; its length is written at once.
        let node = unsafe { Self::at(obtain(Self::BYTES, ALIGN)) };
        node.set_len(0);
        node
    }

    /// Gives the node back, not what it points to.
    ///
    /// # Safety
    /// Nobody uses the node after this.
    unsafe fn release(self) {
        // SAFETY: `obtain` made it; the caller knows that it is used no more.
        unsafe { release(self.raw(), Self::BYTES, ALIGN) }
    }

    /// Makes room for a slot at an index, to be written by the caller.
    fn open(self, at: usize) {
        let len = self.len();
        assert!(len < Self::SLOTS && at <= len);
        self.move_slots(at, self, at + 1, len - at);
        self.set_len(len + 1);
    }

    /// Takes `n` slots at an index out.
    fn close(self, at: usize, n: usize) {
        let len = self.len();
        assert!(at + n <= len);
        self.move_slots(at + n, self, at, len - at - n);
        self.set_len(len - n);
    }

    /// Moves the last `n` slots to the front of the right neighbour.
    fn shift_right(self, right: Self, n: usize) {
        let (len, right_len) = (self.len(), right.len());
        assert!(n <= len && right_len + n <= Self::SLOTS);
        right.move_slots(0, right, n, right_len);
        self.move_slots(len - n, right, 0, n);
        self.set_len(len - n);
        right.set_len(right_len + n);
    }

    /// Moves the first `n` slots of the right neighbour behind the last.
    fn shift_left(self, right: Self, n: usize) {
        let len = self.len();
        assert!(len + n <= Self::SLOTS);
        right.move_slots(0, self, len, n);
        self.set_len(len + n);
        right.close(0, n);
    }

    /// Moves slots between this and the right neighbour until this has `len`.
    fn balance(self, right: Self, len: usize) {
        match self.len() {
            have if have > len => self.shift_right(right, have - len),
            have => self.shift_left(right, len - have),
        }
    }
}

/// A node of elements.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Leaf(NonNull<LeafBlock>);

impl Leaf {
    #[inline]
    fn pointers(self) -> NonNull<u8> {
        // SAFETY: a field of a live block.
        unsafe { NonNull::new_unchecked(addr_of_mut!((*self.0.as_ptr()).pointers)).cast() }
    }

    /// The element at an index below the length.
    #[inline]
    pub fn get(self, i: usize) -> NonNull<u8> {
        debug_assert!(i < self.len());
        // SAFETY: the word ends with the six bytes of the pointer and begins inside the block; `set` wrote a pointer.
        unsafe {
            let word = self.pointers().add(POINTER_LEN * i).sub(2).cast::<u64>().read_unaligned();
            NonNull::new_unchecked(with_exposed_provenance_mut((u64::from_le(word) >> 16) as usize))
        }
    }

    #[inline]
    pub fn set(self, i: usize, raw: NonNull<u8>) {
        debug_assert!(i < self.len());
        let word = raw.as_ptr().expose_provenance() as u64;
        assert!(word >> 48 == 0, "the allocator gives addresses below 2^48");
        // SAFETY: six bytes of slot `i`.
        unsafe {
            let at = self.pointers().add(POINTER_LEN * i).cast::<[u8; POINTER_LEN]>();
            at.write(*word.to_le_bytes().first_chunk().expect("eight are more than six"));
        }
    }

    /// The member at an index.
    ///
    /// # Safety
    /// It lives during `'a`.
    #[inline]
    pub unsafe fn member<'a>(self, i: usize) -> MemberRef<'a> {
        // SAFETY: leaves point to members; the caller vouches for the life.
        unsafe { MemberRef::new(self.get(i)) }
    }

    /// Where a member is, by its address.
    pub fn position(self, raw: NonNull<u8>) -> Option<usize> {
        (0..self.len()).find(|i| self.get(*i) == raw)
    }
}

impl Node for Leaf {
    const SLOTS: usize = LEAF_SLOTS;
    const BYTES: usize = class_of(size_of::<LeafBlock>());

    #[inline]
    unsafe fn at(raw: NonNull<u8>) -> Leaf {
        Leaf(raw.cast())
    }

    #[inline]
    fn raw(self) -> NonNull<u8> {
        self.0.cast()
    }

    #[inline]
    fn len(self) -> usize {
        // SAFETY: a live block.
        usize::from(unsafe { addr_of!((*self.0.as_ptr()).len).read() })
    }

    #[inline]
    fn set_len(self, len: usize) {
        assert!(len <= LEAF_SLOTS);
        // SAFETY: a live block.
        unsafe { addr_of_mut!((*self.0.as_ptr()).len).write(len as u16) }
    }

    fn move_slots(self, from: usize, to: Leaf, at: usize, n: usize) {
        assert!(from + n <= LEAF_SLOTS && at + n <= LEAF_SLOTS);
        // SAFETY: both ranges are slots of live blocks.
        unsafe {
            let source = self.pointers().add(from * POINTER_LEN);
            source.copy_to(to.pointers().add(at * POINTER_LEN), n * POINTER_LEN);
        }
    }

    #[inline]
    fn least(self) -> NonNull<u8> {
        self.get(0)
    }

    #[inline]
    fn count(self) -> usize {
        self.len()
    }
}

/// A node of children. Of each it knows the least element, with its score, and how many elements there are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Branch(NonNull<BranchBlock>);

/// One array of a branch.
struct Column<T>(NonNull<T>, PhantomData<T>);

impl<T: Copy> Column<T> {
    #[inline]
    fn get(self, i: usize) -> T {
        debug_assert!(i < BRANCH_SLOTS);
        // SAFETY: the column has `BRANCH_SLOTS` values; those below the length are written.
        unsafe { self.0.add(i).read() }
    }

    #[inline]
    fn set(self, i: usize, value: T) {
        assert!(i < BRANCH_SLOTS);
        // SAFETY: as in `get`.
        unsafe { self.0.add(i).write(value) }
    }

    fn move_to(self, from: usize, to: Column<T>, at: usize, n: usize) {
        assert!(from + n <= BRANCH_SLOTS && at + n <= BRANCH_SLOTS);
        // SAFETY: both ranges are in columns of live blocks.
        unsafe { self.0.add(from).copy_to(to.0.add(at), n) }
    }
}

macro_rules! column {
    ($name:ident, $type:ty) => {
        #[inline]
        fn $name(self) -> Column<$type> {
            // SAFETY: a field of a live block.
            unsafe {
                Column(NonNull::new_unchecked(addr_of_mut!((*self.0.as_ptr()).$name)).cast(), PhantomData)
            }
        }
    };
}

impl Branch {
    column!(scores, f64);
    column!(leasts, NonNull<u8>);
    column!(children, NonNull<u8>);
    column!(counts, u32);

    /// The score of the least element below a child.
    #[inline]
    pub fn score(self, i: usize) -> f64 {
        self.scores().get(i)
    }

    /// The least element below a child.
    #[inline]
    pub fn least_of(self, i: usize) -> NonNull<u8> {
        self.leasts().get(i)
    }

    #[inline]
    pub fn child(self, i: usize) -> NonNull<u8> {
        self.children().get(i)
    }

    /// Elements below a child.
    #[inline]
    pub fn count_of(self, i: usize) -> usize {
        self.counts().get(i) as usize
    }

    #[inline]
    pub fn set_count(self, i: usize, count: usize) {
        self.counts().set(i, count as u32);
    }

    /// Elements before a child.
    #[inline]
    pub fn count_before(self, i: usize) -> usize {
        (0..i).map(|i| self.count_of(i)).sum()
    }

    /// The child with the element of a rank, and the elements before the child.
    pub fn find_rank(self, rank: usize) -> (usize, usize) {
        let (mut i, mut before) = (0, 0);
        while before + self.count_of(i) <= rank {
            before += self.count_of(i);
            i += 1;
            assert!(i < self.len(), "a rank is below the count");
        }
        (i, before)
    }

    /// Records the least element below a child.
    ///
    /// # Safety
    /// It is a live member.
    #[inline]
    pub unsafe fn set_least(self, i: usize, raw: NonNull<u8>) {
        // SAFETY: as the caller says.
        self.scores().set(i, unsafe { MemberRef::new(raw) }.score());
        self.leasts().set(i, raw);
    }

    /// Records what a child is and holds now, in a slot below the length.
    ///
    /// # Safety
    /// It is not empty, and all below it lives.
    pub unsafe fn set_child(self, i: usize, child: impl Node) {
        debug_assert!(i < self.len());
        self.children().set(i, child.raw());
        self.set_count(i, child.count());
        // SAFETY: as the caller says.
        unsafe { self.set_least(i, child.least()) }
    }
}

impl Node for Branch {
    const SLOTS: usize = BRANCH_SLOTS;
    const BYTES: usize = class_of(size_of::<BranchBlock>());

    #[inline]
    unsafe fn at(raw: NonNull<u8>) -> Branch {
        Branch(raw.cast())
    }

    #[inline]
    fn raw(self) -> NonNull<u8> {
        self.0.cast()
    }

    #[inline]
    fn len(self) -> usize {
        // SAFETY: a live block.
        usize::from(unsafe { addr_of!((*self.0.as_ptr()).len).read() })
    }

    #[inline]
    fn set_len(self, len: usize) {
        assert!(len <= BRANCH_SLOTS);
        // SAFETY: a live block.
        unsafe { addr_of_mut!((*self.0.as_ptr()).len).write(len as u16) }
    }

    fn move_slots(self, from: usize, to: Branch, at: usize, n: usize) {
        self.scores().move_to(from, to.scores(), at, n);
        self.leasts().move_to(from, to.leasts(), at, n);
        self.children().move_to(from, to.children(), at, n);
        self.counts().move_to(from, to.counts(), at, n);
    }

    #[inline]
    fn least(self) -> NonNull<u8> {
        self.least_of(0)
    }

    fn count(self) -> usize {
        self.count_before(self.len())
    }
}
