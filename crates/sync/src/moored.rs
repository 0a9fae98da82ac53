//! A place for what one thread makes and no other may touch.

use std::mem::ManuallyDrop;
use std::thread::{self, ThreadId};

/// Holds a value that must stay on the thread that made it, in something that is built elsewhere and sent there. Empty until the first
/// [`Moored::get_or_make`]; from then on any other thread that asks for it panics, and one that drops it leaks it.
pub struct Moored<T> {
    value: Option<(ThreadId, ManuallyDrop<T>)>,
}

// SAFETY: a `T` is made, reached and dropped on one thread only: every access compares thread ids, which are never used twice. What
// travels between threads is an empty place, or bytes that nobody there looks at.
unsafe impl<T> Send for Moored<T> {}

impl<T> Default for Moored<T> {
    fn default() -> Moored<T> {
        Moored { value: None }
    }
}

impl<T> Moored<T> {
    /// The value, made by `make` at first.
    pub fn get_or_make(&mut self, make: impl FnOnce() -> T) -> &mut T {
        let (home, value) =
            self.value.get_or_insert_with(|| (thread::current().id(), ManuallyDrop::new(make())));
        assert_eq!(*home, thread::current().id(), "it belongs to another thread");
        value
    }

    /// The value, if it was made.
    pub fn get(&mut self) -> Option<&mut T> {
        let (home, value) = self.value.as_mut()?;
        assert_eq!(*home, thread::current().id(), "it belongs to another thread");
        Some(value)
    }

    /// Whether there is a value. Any thread may ask.
    pub fn is_made(&self) -> bool {
        self.value.is_some()
    }
}

impl<T> Drop for Moored<T> {
    fn drop(&mut self) {
        if let Some((home, value)) = self.value.take()
            && home == thread::current().id()
        {
            drop(ManuallyDrop::into_inner(value));
        }
    }
}

// Threads are what this is about.
#[cfg(test)]
#[allow(clippy::disallowed_methods)]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::rc::Rc;

    #[test]
    fn it_is_made_where_it_is_used() {
        let empty = Moored::<Rc<u32>>::default();
        let made = thread::spawn(move || {
            let mut place = empty;
            let first = Rc::clone(place.get_or_make(|| Rc::new(1)));
            let again = place.get_or_make(|| Rc::new(2));
            (Rc::ptr_eq(&first, again), **again)
        });
        assert_eq!(made.join().ok(), Some((true, 1)));
    }

    #[test]
    fn another_thread_gets_nothing_and_drops_nothing() {
        let token = Rc::new(());
        let weak = Rc::downgrade(&token);
        let mut place = Moored::default();
        place.get_or_make(|| token);
        let refused = thread::spawn(move || {
            let refused = catch_unwind(AssertUnwindSafe(|| place.get().is_some())).is_err();
            assert!(place.is_made());
            refused
        });
        assert_eq!(refused.join().ok(), Some(true));
        assert_eq!(weak.strong_count(), 1);
    }

    #[test]
    fn its_own_thread_drops_it() {
        let token = Rc::new(());
        let mut place = Moored::default();
        place.get_or_make(|| Rc::clone(&token));
        drop(place);
        assert_eq!(Rc::strong_count(&token), 1);
    }
}
