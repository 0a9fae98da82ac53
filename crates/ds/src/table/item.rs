//! What a table holds.

use std::ptr::NonNull;

/// An owned thin pointer with a key.
///
/// # Safety
/// * `into_raw` gives a pointer that the global allocator made (so below 2^48 on the platforms that we build for),
///   aligned to 2 or more; `from_raw` gives the same item back.
/// * The item does not move while its raw pointer is kept.
/// * The key of an item does not change while it is in a table.
pub unsafe trait Item: Sized {
    /// A shared view of an item.
    type Ref<'a>: Copy
    where
        Self: 'a;

    /// Gives the ownership up.
    fn into_raw(self) -> NonNull<u8>;

    /// Takes the ownership back.
    ///
    /// # Safety
    /// `raw` came from `into_raw` and is taken back once.
    unsafe fn from_raw(raw: NonNull<u8>) -> Self;

    /// Views an item whose ownership was given up.
    ///
    /// # Safety
    /// `raw` came from `into_raw`, and is neither changed nor taken back during `'a`.
    unsafe fn borrow<'a>(raw: NonNull<u8>) -> Self::Ref<'a>
    where
        Self: 'a;

    /// Views an owned item.
    fn view(&self) -> Self::Ref<'_>;

    /// The key that the item is found by.
    fn key<'a>(item: Self::Ref<'a>) -> &'a [u8]
    where
        Self: 'a;
}
