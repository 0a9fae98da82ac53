//! Reading a value where it lies.

use std::fmt;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::Deref;

/// A value that somebody else owns, for reading.
pub struct View<'a, T> {
    value: ManuallyDrop<T>,
    life: PhantomData<&'a T>,
}

impl<T> View<'_, T> {
    /// # Safety
    /// `value` is a bitwise copy of one that lives, and is not changed, as long as the view.
    #[inline]
    pub(crate) unsafe fn new(value: T) -> Self {
        View { value: ManuallyDrop::new(value), life: PhantomData }
    }
}

impl<T> Deref for View<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: fmt::Debug> fmt::Debug for View<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        T::fmt(self, f)
    }
}
