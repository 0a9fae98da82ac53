//! An owned value behind a thin pointer, like a `Box`, but one that may be seen through several views at a time: a
//! `Box` claims to be the only one.

use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

/// The owner.
pub struct Thin<T>(NonNull<T>);

// SAFETY: a thin pointer owns its value, as a box does.
unsafe impl<T: Send> Send for Thin<T> {}
// SAFETY: as a box.
unsafe impl<T: Sync> Sync for Thin<T> {}

impl<T> Thin<T> {
    /// Bytes of memory that the value itself takes.
    pub const ALLOCATED: usize = crate::class::class_of(size_of::<T>());

    /// Moves a value behind a pointer.
    pub fn new(value: T) -> Thin<T> {
        const { assert!(size_of::<T>() > 0) };
        Thin(NonNull::from(Box::leak(Box::new(value))))
    }

    /// Gives the ownership up.
    #[inline]
    pub fn into_raw(self) -> NonNull<u8> {
        std::mem::ManuallyDrop::new(self).0.cast()
    }

    /// Takes the ownership back.
    ///
    /// # Safety
    /// `raw` came from `into_raw` of the same type, and is taken back once.
    #[inline]
    pub unsafe fn from_raw(raw: NonNull<u8>) -> Thin<T> {
        Thin(raw.cast())
    }

    /// Moves the value out.
    pub fn into_inner(self) -> T {
        let raw = std::mem::ManuallyDrop::new(self).0;
        // SAFETY: the pointer came from a box, whose ownership this has.
        *unsafe { Box::from_raw(raw.as_ptr()) }
    }
}

impl<T> Deref for Thin<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the value lives as long as its owner.
        unsafe { self.0.as_ref() }
    }
}

impl<T> DerefMut for Thin<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as in `deref`, and the owner is borrowed exclusively.
        unsafe { self.0.as_mut() }
    }
}

impl<T: Clone> Clone for Thin<T> {
    fn clone(&self) -> Thin<T> {
        Thin::new(T::clone(self))
    }
}

impl<T> Drop for Thin<T> {
    fn drop(&mut self) {
        // SAFETY: the pointer came from a box, and is not used any more.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}

impl<T: std::fmt::Debug> std::fmt::Debug for Thin<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        T::fmt(self, f)
    }
}
