//! Atomics, mutex and cell of the standard library, or loom's stand-ins for them.

#[cfg(loom)]
pub(crate) use loom::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicU32, Ordering},
};
#[cfg(not(loom))]
pub(crate) use std::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicU32, Ordering},
};

/// Locks `mutex`; what it guards is consistent even after a panic, as nothing in between can panic.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    match mutex.lock() {
        Ok(guard) => guard,
        Err(poisoned) => poisoned.into_inner(),
    }
}

/// Orders the sequentially consistent store before it with the load after it. Real atomics already do; loom
/// treats them as acquire and release only and needs the fence.
#[inline(always)]
pub(crate) fn store_before_load() {
    #[cfg(loom)]
    loom::sync::atomic::fence(Ordering::SeqCst);
}

/// One round of a spin.
#[inline]
pub(crate) fn pause() {
    #[cfg(loom)]
    loom::thread::yield_now();
    #[cfg(not(loom))]
    std::hint::spin_loop();
}

/// Interior of a stripe. Loom's form checks that accesses are ordered.
pub(crate) struct Cell<T> {
    #[cfg(loom)]
    inner: loom::cell::UnsafeCell<T>,
    #[cfg(not(loom))]
    inner: std::cell::UnsafeCell<T>,
}

impl<T> Cell<T> {
    pub(crate) fn new(value: T) -> Cell<T> {
        #[cfg(loom)]
        let inner = loom::cell::UnsafeCell::new(value);
        #[cfg(not(loom))]
        let inner = std::cell::UnsafeCell::new(value);
        Cell { inner }
    }

    #[inline(always)]
    pub(crate) fn as_ptr(&self) -> *mut T {
        #[cfg(loom)]
        return self.inner.with_mut(|value| value);
        #[cfg(not(loom))]
        self.inner.get()
    }
}
