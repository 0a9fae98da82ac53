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

/// A function that runs on a stack of its own. Each [`Fiber::resume`] hands an `I` in and runs it until it hands an `O` out; what it asks
/// in between is answered without a change of stacks. One that is dropped in the middle is unwound; where panics abort it must have
/// come to its end, or its stack is leaked.
pub struct Fiber<I: 'static, O: 'static, Q: Question = ()> {
    routine: Option<Coroutine<I, O, O>>,
    lane: Lane<I, O, Q>,
}

/// What a fiber asks whoever resumed it, with what it borrows for the answer.
pub trait Question: 'static {
    /// One question.
    type Of<'q>;
}

/// A fiber that asks nothing of interest.
impl Question for () {
    type Of<'q> = ();
}

/// What answers: lent for as long as a resume lasts.
type Answerer<'a, Q> = dyn for<'q> FnMut(<Q as Question>::Of<'q>) + 'a;

/// The fiber's own way out, for any depth of calls on its stack.
pub struct Lane<I, O, Q: Question = ()> {
    place: Rc<Place<I, O, Q>>,
}

/// What a fiber finds of the world outside its stack.
struct Place<I, O, Q: Question> {
    /// Where the yielder is, while the fiber's function runs.
    yielder: Cell<Option<NonNull<Yielder<I, O>>>>,
    /// What answers, while the fiber is resumed and no question is open.
    answerer: Cell<Option<NonNull<Answerer<'static, Q>>>>,
}

impl<I, O, Q: Question> Clone for Lane<I, O, Q> {
    fn clone(&self) -> Lane<I, O, Q> {
        Lane { place: Rc::clone(&self.place) }
    }
}

impl<I: 'static, O: 'static, Q: Question> Fiber<I, O, Q> {
    /// A fiber that will run `body` with its first input, on a stack of `stack_bytes`; what `body` returns is its last output.
    pub fn new(
        stack_bytes: usize,
        body: impl FnOnce(&Lane<I, O, Q>, I) -> O + 'static,
    ) -> io::Result<Fiber<I, O, Q>> {
        let lane = Lane { place: Rc::new(Place { yielder: Cell::new(None), answerer: Cell::new(None) }) };
        let own = lane.clone();
        let routine =
            Coroutine::with_stack(DefaultStack::new(stack_bytes)?, move |yielder: &Yielder<I, O>, first| {
                own.place.yielder.set(Some(NonNull::from(yielder)));
                let _gone = Departure(&own);
                body(&own, first)
            });
        Ok(Fiber { routine: Some(routine), lane })
    }

    /// Goes on with `input` until the next output. Questions are put to `answer`, which runs on the fiber's stack. Panics if the function
    /// has returned.
    pub fn resume(&mut self, input: I, answer: &mut Answerer<'_, Q>) -> O {
        let routine = self.routine.as_mut().expect("the fiber goes on");
        let before = CURRENT.replace(self.lane.id());
        let restore = Restore(before);
        let answer = NonNull::from(answer);
        // SAFETY: only the lifetime changes. `_lent` takes the pointer away when this resume ends, so nobody finds it after that.
        let answer =
            unsafe { std::mem::transmute::<NonNull<Answerer<'_, Q>>, NonNull<Answerer<'static, Q>>>(answer) };
        self.lane.place.answerer.set(Some(answer));
        let _lent = Lent { cell: &self.lane.place.answerer, after: None };
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

impl<I: 'static, O: 'static, Q: Question> Drop for Fiber<I, O, Q> {
    fn drop(&mut self) {
        if cfg!(panic = "abort") {
            // Unwinding is what would free it.
            std::mem::forget(self.routine.take());
        }
    }
}

impl<I, O, Q: Question> Lane<I, O, Q> {
    fn id(&self) -> usize {
        Rc::as_ptr(&self.place) as usize
    }

    /// Puts a question to whoever resumed the fiber. Panics if called anywhere but on the fiber's own stack, or while another question
    /// is being answered.
    pub fn ask(&self, question: Q::Of<'_>) {
        assert_eq!(CURRENT.get(), self.id(), "only the running fiber can ask");
        let cell = &self.place.answerer;
        let mut answerer = cell.take().expect("one question at a time");
        let _open = Lent { cell, after: Some(answerer) };
        // SAFETY: the pointer is to what was lent exclusively to the resume under way: CURRENT says that this very fiber runs, on this
        // thread, and `resume` clears the cell before it returns. It is taken out of the cell while it is in use, so this is the only
        // reference, and `hand_out` refuses to end the resume meanwhile.
        let answerer = unsafe { answerer.as_mut() };
        answerer(question);
    }

    /// Hands `output` to whoever resumed the fiber, and returns what the next resume hands in. Panics if called anywhere but on the
    /// fiber's own stack, or while a question is being answered.
    pub fn hand_out(&self, output: O) -> I {
        assert_eq!(CURRENT.get(), self.id(), "only the running fiber can leave itself");
        assert!(self.place.answerer.get().is_some(), "a fiber that asks stays for the answer");
        let yielder = self.place.yielder.get().expect("a running fiber has its yielder");
        // SAFETY: the pointer is to an object on the fiber's stack that outlives `body`: `Departure` clears it when `body` ends. CURRENT
        // says that this very fiber runs, on this thread (a lane is not `Send`), so the caller is below `body` on its stack.
        unsafe { yielder.as_ref() }.suspend(output)
    }
}

/// Forgets the yielder when the function ends, also by a panic.
struct Departure<'a, I, O, Q: Question>(&'a Lane<I, O, Q>);

impl<I, O, Q: Question> Drop for Departure<'_, I, O, Q> {
    fn drop(&mut self) {
        self.0.place.yielder.set(None);
    }
}

/// What a cell holds after this, also after a panic.
struct Lent<'a, Q: Question> {
    cell: &'a Cell<Option<NonNull<Answerer<'static, Q>>>>,
    after: Option<NonNull<Answerer<'static, Q>>>,
}

impl<Q: Question> Drop for Lent<'_, Q> {
    fn drop(&mut self) {
        self.cell.set(self.after);
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

    fn nothing((): ()) {}

    /// A number to add, and where.
    struct Sum;

    impl Question for Sum {
        type Of<'q> = (u32, &'q mut u32);
    }

    #[test]
    fn questions_are_answered_by_the_resume_under_way() -> io::Result<()> {
        let mut fiber = Fiber::new(STACK, |lane: &Lane<(), u32, Sum>, ()| {
            let mut sum = 0;
            lane.ask((1, &mut sum));
            lane.hand_out(sum);
            lane.ask((1, &mut sum));
            lane.ask((5, &mut sum));
            sum
        })?;
        let (mut asked, factor) = (0, 10);
        let mut tenfold = |(add, sum): (u32, &mut u32)| {
            asked += 1;
            *sum += add * factor;
        };
        assert_eq!(fiber.resume((), &mut tenfold), 10);
        assert_eq!(asked, 1);
        assert_eq!(fiber.resume((), &mut |(add, sum)| *sum += add), 16);
        Ok(())
    }

    #[test]
    fn nobody_leaves_or_asks_while_a_question_is_open() -> io::Result<()> {
        let slot: Rc<Cell<Option<Lane<(), u32>>>> = Rc::default();
        let inner = Rc::clone(&slot);
        let mut fiber = Fiber::new(STACK, move |lane: &Lane<(), u32>, ()| {
            inner.set(Some(lane.clone()));
            lane.ask(());
            // A question that failed leaves the next one its answerer.
            let failed = catch_unwind(AssertUnwindSafe(|| lane.ask(()))).is_err();
            lane.ask(());
            u32::from(failed)
        })?;
        let mut asked = 0;
        let said = fiber.resume((), &mut |()| {
            asked += 1;
            let lane = slot.take().expect("laid there");
            assert!(catch_unwind(AssertUnwindSafe(|| lane.hand_out(7))).is_err());
            assert!(catch_unwind(AssertUnwindSafe(|| lane.ask(()))).is_err());
            slot.set(Some(lane));
            assert_ne!(asked, 2, "the second one fails");
        });
        assert_eq!((said, asked), (1, 3));
        Ok(())
    }

    #[test]
    fn asking_from_elsewhere_is_refused() -> io::Result<()> {
        let slot: Rc<Cell<Option<Lane<(), ()>>>> = Rc::default();
        let inner = Rc::clone(&slot);
        let mut fiber = Fiber::new(STACK, move |lane: &Lane<(), ()>, ()| {
            inner.set(Some(lane.clone()));
            lane.hand_out(());
        })?;
        fiber.resume((), &mut nothing);
        let lane = slot.take().expect("laid there");
        assert!(catch_unwind(AssertUnwindSafe(|| lane.ask(()))).is_err());
        // What was lent is gone with the resume.
        assert!(lane.place.answerer.get().is_none());
        fiber.resume((), &mut nothing);
        Ok(())
    }

    #[test]
    fn it_goes_on_where_it_left() -> io::Result<()> {
        let mut fiber = Fiber::new(STACK, |lane: &Lane<u32, u32>, first: u32| {
            let second = lane.hand_out(first + 1);
            let third = lane.hand_out(second + 1);
            third * 100
        })?;
        assert_eq!((fiber.resume(1, &mut nothing), fiber.resume(10, &mut nothing)), (2, 11));
        assert!(!fiber.is_done());
        assert_eq!((fiber.resume(7, &mut nothing), fiber.is_done()), (700, true));
        Ok(())
    }

    #[test]
    fn several_take_turns_in_any_order() -> io::Result<()> {
        let make = |name: char| {
            Fiber::new(STACK, move |lane: &Lane<(), String>, (): ()| {
                for i in 0..3 {
                    lane.hand_out(format!("{name}{i}"));
                }
                format!("{name} ends")
            })
        };
        let (mut a, mut b) = (make('a')?, make('b')?);
        let said = [
            a.resume((), &mut nothing),
            b.resume((), &mut nothing),
            b.resume((), &mut nothing),
            a.resume((), &mut nothing),
            a.resume((), &mut nothing),
            a.resume((), &mut nothing),
            b.resume((), &mut nothing),
            b.resume((), &mut nothing),
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
        outer.resume((), &mut nothing);
        if let Some(lane) = slot.take() {
            let kept = lane.clone();
            assert!(catch_unwind(AssertUnwindSafe(|| lane.hand_out(()))).is_err());
            // Nor from another fiber's stack.
            let mut other = Fiber::new(STACK, move |_: &Lane<(), bool>, ()| {
                catch_unwind(AssertUnwindSafe(|| kept.hand_out(()))).is_err()
            })?;
            out = Some(other.resume((), &mut nothing));
        }
        assert_eq!(out, Some(true));
        outer.resume((), &mut nothing);
        // The yielder is gone with the function.
        assert!(outer.is_done() && outer.lane.place.yielder.get().is_none());
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
        fiber.resume((), &mut nothing);
        assert_eq!(Rc::strong_count(&token), 2);
        drop(fiber);
        assert_eq!(Rc::strong_count(&token), 1);
        Ok(())
    }

    #[test]
    fn a_panic_inside_comes_out() -> io::Result<()> {
        let mut fiber = Fiber::new(STACK, |_: &Lane<(), ()>, ()| panic!("inside"))?;
        assert!(catch_unwind(AssertUnwindSafe(|| fiber.resume((), &mut nothing))).is_err());
        assert_eq!(CURRENT.get(), 0);
        Ok(())
    }
}
