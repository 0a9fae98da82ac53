//! All interleavings of small cases, as loom finds them. See the crate's documentation for the command.
#![cfg(loom)]

mod common;

use std::sync::Arc;

use common::{Notes, Told};
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;
use sync::{Claim, Space, Ticket, WorkerIdx};

const A: WorkerIdx = WorkerIdx(0);
const B: WorkerIdx = WorkerIdx(1);

const WRITTEN: u64 = 1;
const REGISTERED: u64 = 2;

/// Preemptions per run; all known bugs of such code show with two.
const PREEMPTIONS_MAX: usize = 3;

fn model(check: impl Fn(Arc<Space<u64>>, Notes) + Sync + Send + Copy + 'static, workers: usize) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(PREEMPTIONS_MAX);
    builder.check(move || {
        let notes = Notes::default();
        let space = Space::new(workers, |_| 0, notes.boxed());
        check(space.clone(), notes);
        space.check_invariants();
    });
}

/// Adds one to a stripe, or parks. True if it was done.
fn add_or_park(space: &Arc<Space<u64>>, worker: WorkerIdx, token: u64) -> bool {
    let turn = space.enter(worker).expect("nobody asks for the gate");
    loop {
        if let Ok(mut locked) = turn.try_lock(&[0], token) {
            *locked.get_mut(0) += 1;
            return true;
        }
        if turn.park(0, token) {
            return false;
        }
    }
}

fn sum(space: &Arc<Space<u64>>) -> u64 {
    let mut exclusive = space.request_exclusive(Ticket(u64::MAX)).expect("nobody is inside");
    exclusive.check_invariants();
    *exclusive.as_locked().get(0)
}

#[test]
fn a_stripe_has_one_holder_and_no_wake_up_is_lost() {
    model(
        |space, notes| {
            let other = space.clone();
            let b = thread::spawn(move || add_or_park(&other, B, 2));
            let a = add_or_park(&space, A, 1);
            let b = b.join().unwrap();
            assert_eq!(sum(&space), u64::from(a) + u64::from(b));
            let told = notes.take();
            assert_eq!(told.contains(&Told::Free { worker: 0, token: 1 }), !a);
            assert_eq!(told.contains(&Told::Free { worker: 1, token: 2 }), !b);
        },
        2,
    );
}

#[test]
fn a_glance_sees_no_half_done_change_and_wakes_who_parked_meanwhile() {
    model(
        |space, notes| {
            let other = space.clone();
            let b = thread::spawn(move || {
                let between = AtomicBool::new(false);
                let turn = other.enter(B).unwrap();
                loop {
                    if let Ok(mut locked) = turn.try_lock(&[0], 2) {
                        *locked.get_mut(0) += 1;
                        between.store(true, Ordering::Relaxed);
                        *locked.get_mut(0) += 1;
                        return true;
                    }
                    if turn.park(0, 2) {
                        return false;
                    }
                }
            });
            let turn = space.enter(A).unwrap();
            let between = AtomicBool::new(false);
            let seen = turn.glance(0, |data| {
                let before = *data;
                between.store(true, Ordering::Relaxed);
                (before, *data)
            });
            assert!(seen.is_none_or(|(before, after)| before == after && before % 2 == 0));
            drop(turn);
            let done = b.join().unwrap();
            assert_eq!(notes.take().contains(&Told::Free { worker: 1, token: 2 }), !done);
        },
        2,
    );
}

#[test]
fn several_stripes_are_taken_together() {
    model(
        |space, _| {
            let other = space.clone();
            let both = |space: &Arc<Space<u64>>, worker, order: [u16; 2]| {
                let turn = space.enter(worker).unwrap();
                if let Ok(mut locked) = turn.try_lock(&order, 0) {
                    *locked.get_mut(0) += 1;
                    *locked.get_mut(1) += 1;
                }
            };
            let b = thread::spawn(move || both(&other, B, [1, 0]));
            both(&space, A, [0, 1]);
            b.join().unwrap();
            let mut exclusive = space.request_exclusive(Ticket(1)).unwrap();
            exclusive.check_invariants();
            let all = exclusive.as_locked();
            assert_eq!(all.get(0), all.get(1));
        },
        2,
    );
}

#[test]
fn a_reserved_stripe_wakes_its_client_and_then_the_others() {
    model(
        |space, notes| {
            let other = space.clone();
            let b = thread::spawn(move || {
                let turn = other.enter(B).unwrap();
                turn.reserve(0, 2);
                if let Ok(mut locked) = turn.try_lock(&[0], 2) {
                    *locked.get_mut(0) += 1;
                    return false;
                }
                let parked = turn.park(0, 2);
                if !parked {
                    *turn.try_lock(&[0], 2).expect("free, and reserved for it").get_mut(0) += 1;
                }
                parked
            });
            let a = add_or_park(&space, A, 1);
            let parked = b.join().unwrap();
            let for_a = Told::Free { worker: 0, token: 1 };
            let for_b = Told::Free { worker: 1, token: 2 };
            if parked {
                assert_eq!(notes.take(), [for_b]);
                drop(space.enter(B).unwrap().try_lock(&[0], 2).expect("woken, so free"));
            }
            assert_eq!(notes.take().contains(&for_a), !a);
            assert_eq!(sum(&space), u64::from(a) + u64::from(!parked));
        },
        2,
    );
}

#[test]
fn a_client_forgotten_while_others_lock_leaves_no_trace() {
    model(
        |space, notes| {
            space.enter(A).unwrap().reserve(0, 7);
            let other = space.clone();
            let forgets = thread::spawn(move || other.forget(A, 7));
            let done = add_or_park(&space, A, 1);
            forgets.join().unwrap();
            assert_eq!(notes.take().contains(&Told::Free { worker: 0, token: 1 }), !done);
            assert_eq!(sum(&space), u64::from(done));
            assert!(add_or_park(&space, A, 1));
        },
        1,
    );
}

/// One turn that adds one, or is refused.
fn turn(space: &Arc<Space<u64>>, worker: WorkerIdx) -> bool {
    let Some(turn) = space.enter(worker) else { return false };
    *turn.try_lock(&[0], 0).expect("the only worker").get_mut(0) += 1;
    true
}

/// Adds one under exclusive access, now or when told. The caller has joined all workers.
fn finish_exclusive(space: &Arc<Space<u64>>, notes: &Notes, ticket: u64, done: bool) {
    if done {
        return;
    }
    assert_eq!(notes.take_if(|told| *told == Told::Ready { ticket }).len(), 1, "the last to leave tells");
    let mut exclusive = space.take_exclusive(Ticket(ticket)).expect("it was told so");
    *exclusive.as_locked().get_mut(0) += 1;
}

fn ask(space: &Arc<Space<u64>>, ticket: u64) -> bool {
    let granted = space.request_exclusive(Ticket(ticket));
    granted.map(|mut exclusive| *exclusive.as_locked().get_mut(0) += 1).is_some()
}

fn gate_keeps_one_kind_inside(workers: usize) {
    model(
        |space, notes| {
            let (asks, works) = (space.clone(), space.clone());
            let asks = thread::spawn(move || ask(&asks, 1));
            let second = (space.workers() == 2).then(|| thread::spawn(move || works.enter(B).is_some()));
            let worked = turn(&space, A);
            let second = second.map(|thread| thread.join().unwrap());
            let done = asks.join().unwrap();
            finish_exclusive(&space, &notes, 1, done);
            let told = notes.take();
            assert_eq!(told.contains(&Told::Open { worker: 0 }), !worked);
            assert_eq!(told.contains(&Told::Open { worker: 1 }), second == Some(false));
            assert_eq!(sum(&space), 1 + u64::from(worked));
        },
        workers,
    );
}

#[test]
fn exclusive_access_excludes_the_only_worker() {
    gate_keeps_one_kind_inside(1);
}

#[test]
fn exclusive_access_excludes_both_workers() {
    gate_keeps_one_kind_inside(2);
}

#[test]
fn two_requests_are_both_served() {
    model(
        |space, notes| {
            let (first, second) = (space.clone(), space.clone());
            let first = thread::spawn(move || ask(&first, 1));
            let second = thread::spawn(move || ask(&second, 2));
            let (first, second) = (first.join().unwrap(), second.join().unwrap());
            assert!(first || second);
            finish_exclusive(&space, &notes, 1, first);
            finish_exclusive(&space, &notes, 2, second);
            assert_eq!(sum(&space), 2);
        },
        1,
    );
}

#[test]
fn a_request_withdrawn_while_the_last_permit_returns_ends_with_an_open_gate() {
    model(
        |space, notes| {
            let turn = space.enter(A).unwrap();
            assert!(!ask(&space, 1));
            let other = space.clone();
            let withdraws = thread::spawn(move || assert!(other.withdraw(Ticket(1))));
            drop(turn);
            let again = space.enter(A).is_some();
            withdraws.join().unwrap();
            assert!(space.take_exclusive(Ticket(1)).is_none());
            assert_eq!(notes.take().contains(&Told::Open { worker: 0 }), !again);
            assert!(space.enter(A).is_some());
        },
        1,
    );
}

/// A waiter that finds nothing registers in the same hold of the stripe; a writer that finds it registered serves it. Its timeout runs
/// against both. It ends exactly once, and what was written is there or with the waiter, never lost.
#[test]
fn a_wait_ends_once_and_nothing_is_lost() {
    model(
        |space, _| {
            let wait = Arc::new(Claim::new());
            let served = Arc::new(AtomicBool::new(false));
            let (other, its_wait, its_served) = (space.clone(), wait.clone(), served.clone());
            let writer = thread::spawn(move || {
                let turn = other.enter(B).expect("nobody asks for the gate");
                let mut locked = loop {
                    match turn.try_lock(&[0], 2) {
                        Ok(locked) => break locked,
                        Err(_) => thread::yield_now(),
                    }
                };
                let value = locked.get_mut(0);
                *value |= WRITTEN;
                if *value & REGISTERED != 0 && its_wait.begin() {
                    *value &= !WRITTEN;
                    its_served.store(true, Ordering::Release);
                    its_wait.finish();
                }
            });
            let took_at_once = {
                let turn = space.enter(A).expect("nobody asks for the gate");
                let mut locked = loop {
                    match turn.try_lock(&[0], 1) {
                        Ok(locked) => break locked,
                        Err(_) => thread::yield_now(),
                    }
                };
                let value = locked.get_mut(0);
                let there = *value & WRITTEN != 0;
                *value = if there { *value & !WRITTEN } else { *value | REGISTERED };
                there
            };
            let timed_out = !took_at_once && wait.end();
            writer.join().unwrap();
            let left = sum(&space) & WRITTEN != 0;
            let outcomes = [took_at_once, served.load(Ordering::Acquire), left];
            assert_eq!(outcomes.iter().filter(|o| **o).count(), 1, "the value is in one place");
            assert_eq!(timed_out, left, "what nobody took is left by a timeout alone");
        },
        2,
    );
}

/// A stay adds one in its turn and one after it; who asks for everything meanwhile sees none or both.
fn a_stay_excludes(workers: usize) {
    model(
        |space, notes| {
            let asks = space.clone();
            let asks = thread::spawn(move || space_sum(asks.request_exclusive(Ticket(1))));
            let kept = match space.enter(A) {
                None => None,
                Some(turn) => {
                    let mut locked = turn.try_lock(&[0], 0).expect("nobody else locks");
                    *locked.get_mut(0) += 1;
                    Some(turn.keep(&mut locked))
                }
            };
            let stayed = kept.is_some();
            if let Some(mut stay) = kept {
                *stay.as_locked().get_mut(0) += 1;
            }
            let seen = asks.join().unwrap();
            if seen.is_none() {
                assert_eq!(
                    notes.take_if(|told| *told == Told::Ready { ticket: 1 }).len(),
                    1,
                    "the last to leave tells"
                );
                let sum = space_sum(space.take_exclusive(Ticket(1)));
                assert_eq!(sum, Some(if stayed { 2 } else { 0 }));
            } else {
                assert!(seen == Some(0) || stayed && seen == Some(2), "{seen:?}");
            }
        },
        workers,
    );
}

fn space_sum(granted: Option<sync::Exclusive<u64>>) -> Option<u64> {
    granted.map(|mut exclusive| *exclusive.as_locked().get(0))
}

#[test]
fn a_stay_excludes_who_wants_everything_from_the_only_worker() {
    a_stay_excludes(1);
}

#[test]
fn a_stay_excludes_who_wants_everything_among_two() {
    a_stay_excludes(2);
}
