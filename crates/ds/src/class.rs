//! Allocation classes: the sizes that jemalloc hands out, so that a block's capacity follows from the length in use
//! and is stored nowhere.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error, realloc};
use std::ptr::NonNull;

/// The class that holds `len` bytes: 8, multiples of 16 up to 128, then four per doubling.
#[inline]
pub(crate) const fn class_of(len: usize) -> usize {
    if len <= 8 {
        return 8;
    }
    let log2 = usize::BITS - 1 - (len - 1).leading_zeros();
    let shift = if log2 < 6 { 4 } else { log2 - 2 };
    let step = (1usize << shift) - 1;
    (len + step) & !step
}

/// An allocation of `class` bytes, uninitialised. Never returns without one.
pub(crate) fn obtain(class: usize, align: usize) -> NonNull<u8> {
    let layout = layout(class, align);
    // SAFETY: `class_of` never gives 0, so the layout has a size.
    let raw = unsafe { alloc(layout) };
    NonNull::new(raw).unwrap_or_else(|| handle_alloc_error(layout))
}

/// Moves an allocation to another class, keeping the bytes that both have.
///
/// # Safety
/// `raw` came from `obtain` or `resize` with `old` and `align`, and is not used after this.
pub(crate) unsafe fn resize(raw: NonNull<u8>, old: usize, new: usize, align: usize) -> NonNull<u8> {
    // SAFETY: the caller vouches for pointer and layout; `new` is a class, so neither 0 nor near overflow.
    let moved = unsafe { realloc(raw.as_ptr(), layout(old, align), new) };
    NonNull::new(moved).unwrap_or_else(|| handle_alloc_error(layout(new, align)))
}

/// Gives an allocation back.
///
/// # Safety
/// `raw` came from `obtain` or `resize` with this class and alignment, and is not used after this.
pub(crate) unsafe fn release(raw: NonNull<u8>, class: usize, align: usize) {
    // SAFETY: the caller vouches for pointer and layout.
    unsafe { dealloc(raw.as_ptr(), layout(class, align)) }
}

fn layout(class: usize, align: usize) -> Layout {
    Layout::from_size_align(class, align).expect("a class is far below the address space")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_allocator() {
        let classes = [8, 16, 32, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 640];
        for len in 1..=640 {
            let expect = *classes.iter().find(|c| **c >= len).expect("listed");
            assert_eq!(class_of(len), expect, "{len}");
        }
        assert_eq!(class_of(16 << 10), 16 << 10);
        assert_eq!(class_of((16 << 10) + 1), 20 << 10);
        assert_eq!(class_of((512 << 20) + 30), 640 << 20);
    }
}
