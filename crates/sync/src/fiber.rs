//! Stacks of their own, for work that is left and taken up again in the middle.

use std::cell::Cell;
use std::io;
use std::ptr::NonNull;
use std::rc::Rc;

use corosensei::stack::DefaultStack;
use corosensei::{Coroutine, CoroutineResult, Yielder};

thread_local! {
    /// The fiber that runs on this thread at the moment: the address of its lane's place, zero if none does.
    static CURRENT: Cell<usize> = const { Cell::new(0) };
}

/// A function that runs on a stack of its own. Each [`Fiber::resume`] hands an `I` in and runs it until it hands an `O` out. One that is
/// dropped in the middle is unwound; where panics abort it must have come to its end, or its stack is leaked.
pub struct Fiber<I: 'static, O: 'static> {
    routine: Option<Coroutine<I, O, O>>,
    lane: Lane<I, O>,
}

/// The fiber's own way out, for any depth of calls on its stack.
pub struct Lane<I, O> {
    place: Rc<Place<I, O>>,
}

/// Where the yielder is, while the fiber's function runs.
type Place<I, O> = Cell<Option<NonNull<Yielder<I, O>>>>;

impl<I, O> Clone for Lane<I, O> {
    fn clone(&self) -> Lane<I, O> {
        Lane { place: Rc::clone(&self.place) }
    }
}

impl<I: 'static, O: 'static> Fiber<I, O> {
    /// A fiber that will run `body` with its first input, on a stack of `stack_bytes`; what `body` returns is its last output.
    pub fn new(
        stack_bytes: usize,
        body: impl FnOnce(&Lane<I, O>, I) -> O + 'static,
    ) -> io::Result<Fiber<I, O>> {
        let lane = Lane { place: Rc::default() };
        let own = lane.clone();
        let routine =
            Coroutine::with_stack(DefaultStack::new(stack_bytes)?, move |yielder: &Yielder<I, O>, first| {
                own.place.set(Some(NonNull::from(yielder)));
                let _gone = Departure(&own);
                body(&own, first)
            });
        Ok(Fiber { routine: Some(routine), lane })
    }

    /// Goes on with `input` until the next output. Panics if the function has returned.
    pub fn resume(&mut self, input: I) -> O {
        let routine = self.routine.as_mut().expect("the fiber goes on");
        let before = CURRENT.replace(self.lane.id());
        let restore = Restore(before);
        let result = routine.resume(input);
        drop(restore);
        match result {
            CoroutineResult::Yield(output) => output,
            CoroutineResult::Return(output) => {
                self.routine = None;
                output
            }
        }
    }

    /// Whether the function has returned.
    pub fn is_done(&self) -> bool {
        self.routine.is_none()
    }
}

impl<I: 'static, O: 'static> Drop for Fiber<I, O> {
    fn drop(&mut self) {
        if cfg!(panic = "abort") {
            // Unwinding is what would free it.
            std::mem::forget(self.routine.take());
        }
    }
}

impl<I, O> Lane<I, O> {
    fn id(&self) -> usize {
        Rc::as_ptr(&self.place) as usize
    }

    /// Hands `output` to whoever resumed the fiber, and returns what the next resume hands in. Panics if called anywhere but on the
    /// fiber's own stack.
    pub fn hand_out(&self, output: O) -> I {
        assert_eq!(CURRENT.get(), self.id(), "only the running fiber can leave itself");
        let yielder = self.place.get().expect("a running fiber has its yielder");
        // SAFETY: the pointer is to an object on the fiber's stack that outlives `body`: `Departure` clears it when `body` ends. CURRENT
        // says that this very fiber runs, on this thread (a lane is not `Send`), so the caller is below `body` on its stack.
        unsafe { yielder.as_ref() }.suspend(output)
    }
}

/// Forgets the yielder when the function ends, also by a panic.
struct Departure<'a, I, O>(&'a Lane<I, O>);

impl<I, O> Drop for Departure<'_, I, O> {
    fn drop(&mut self) {
        self.0.place.set(None);
    }
}

struct Restore(usize);

impl Drop for Restore {
    fn drop(&mut self) {
        CURRENT.set(self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    const STACK: usize = 128 << 10;

    #[test]
    fn it_goes_on_where_it_left() -> io::Result<()> {
        let mut fiber = Fiber::new(STACK, |lane, first: u32| {
            let second = lane.hand_out(first + 1);
            let third = lane.hand_out(second + 1);
            third * 100
        })?;
        assert_eq!((fiber.resume(1), fiber.resume(10)), (2, 11));
        assert!(!fiber.is_done());
        assert_eq!((fiber.resume(7), fiber.is_done()), (700, true));
        Ok(())
    }

    #[test]
    fn several_take_turns_in_any_order() -> io::Result<()> {
        let make = |name: char| {
            Fiber::new(STACK, move |lane, (): ()| {
                for i in 0..3 {
                    lane.hand_out(format!("{name}{i}"));
                }
                format!("{name} ends")
            })
        };
        let (mut a, mut b) = (make('a')?, make('b')?);
        let said = [
            a.resume(()),
            b.resume(()),
            b.resume(()),
            a.resume(()),
            a.resume(()),
            a.resume(()),
            b.resume(()),
            b.resume(()),
        ];
        assert_eq!(said, ["a0", "b0", "b1", "a1", "a2", "a ends", "b2", "b ends"]);
        Ok(())
    }

    #[test]
    fn leaving_from_elsewhere_is_refused() -> io::Result<()> {
        let mut out = None;
        let slot: Rc<Cell<Option<Lane<(), ()>>>> = Rc::default();
        let inner = Rc::clone(&slot);
        let mut outer = Fiber::new(STACK, move |lane: &Lane<(), ()>, ()| {
            inner.set(Some(lane.clone()));
            lane.hand_out(());
        })?;
        outer.resume(());
        if let Some(lane) = slot.take() {
            let kept = lane.clone();
            assert!(catch_unwind(AssertUnwindSafe(|| lane.hand_out(()))).is_err());
            // Nor from another fiber's stack.
            let mut other = Fiber::new(STACK, move |_: &Lane<(), bool>, ()| {
                catch_unwind(AssertUnwindSafe(|| kept.hand_out(()))).is_err()
            })?;
            out = Some(other.resume(()));
        }
        assert_eq!(out, Some(true));
        outer.resume(());
        // The yielder is gone with the function.
        assert!(outer.is_done() && outer.lane.place.get().is_none());
        Ok(())
    }

    #[test]
    fn what_lies_on_its_stack_is_dropped_with_it() -> io::Result<()> {
        let token = Rc::new(());
        let held = Rc::clone(&token);
        let mut fiber = Fiber::new(STACK, move |lane: &Lane<(), ()>, ()| {
            let _held = held;
            lane.hand_out(());
        })?;
        fiber.resume(());
        assert_eq!(Rc::strong_count(&token), 2);
        drop(fiber);
        assert_eq!(Rc::strong_count(&token), 1);
        Ok(())
    }

    #[test]
    fn a_panic_inside_comes_out() -> io::Result<()> {
        let mut fiber = Fiber::new(STACK, |_: &Lane<(), ()>, ()| panic!("inside"))?;
        assert!(catch_unwind(AssertUnwindSafe(|| fiber.resume(()))).is_err());
        assert_eq!(CURRENT.get(), 0);
        Ok(())
    }
}
