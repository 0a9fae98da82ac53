//! What a space promises, one step at a time in one thread.
#![cfg(not(loom))]

mod common;

use std::sync::Arc;

use common::{Notes, Told};
use sync::{Contended, Exclusive, STRIPES, Space, Ticket, WorkerIdx};

const A: WorkerIdx = WorkerIdx(0);
const B: WorkerIdx = WorkerIdx(1);

fn space(workers: usize) -> (Arc<Space<u64>>, Notes) {
    let notes = Notes::default();
    (Space::new(workers, |stripe| stripe as u64, notes.boxed()), notes)
}

/// The same steps hold for a space of one worker and of several.
fn each_kind(check: impl Fn(Arc<Space<u64>>, Notes)) {
    for workers in [1, 2] {
        let (space, notes) = space(workers);
        check(space.clone(), notes);
        let quiet = space.request_exclusive(Ticket(u64::MAX)).expect("nobody is inside");
        quiet.check_invariants();
    }
}

fn is_sendable<T: Send + 'static>(_: &T) {}

#[test]
fn locked_data_is_read_and_written() {
    each_kind(|space, _| {
        let turn = space.enter(A).unwrap();
        let mut locked = turn.try_lock(&[5], 1).unwrap();
        assert_eq!(*locked.get(5), 5);
        *locked.get_mut(5) = 50;
        drop(locked);
        let mut locked = turn.try_lock(&[9, 5, 9], 1).unwrap();
        assert!(locked.holds(9) && locked.holds(5) && !locked.holds(6));
        let (nine, five) = locked.pair_mut(9, 5);
        std::mem::swap(nine, five);
        assert_eq!((*locked.get(9), *locked.get(5)), (50, 9));
    });
}

#[test]
fn a_held_stripe_is_refused_and_all_others_let_go() {
    each_kind(|space, _| {
        let turn = space.enter(A).unwrap();
        let first = turn.try_lock(&[7], 1).unwrap();
        assert_eq!(turn.try_lock(&[9, 7, 3], 2).err(), Some(Contended { stripe: 7 }));
        assert!(turn.try_now(3).is_some() && turn.try_now(9).is_some() && turn.try_now(7).is_none());
        assert!(turn.glance(7, |data| *data).is_none() && turn.glance(3, |data| *data).is_some());
        drop(first);
        assert!(turn.try_lock(&[9, 7, 3], 2).is_ok());
    });
}

#[test]
fn a_look_that_panics_lets_go() {
    each_kind(|space, _| {
        let turn = space.enter(A).unwrap();
        let look = || turn.glance(7, |_| panic!("on purpose"));
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(look)).is_err());
        assert!(turn.try_lock(&[7], 1).is_ok());
    });
}

#[test]
fn many_stripes_in_any_order_are_locked_once_each() {
    each_kind(|space, _| {
        let turn = space.enter(A).unwrap();
        let wanted: Vec<u16> = (0..40).rev().chain(0..40).collect();
        let locked = turn.try_lock(&wanted, 1).unwrap();
        assert!((0..40).all(|stripe| locked.holds(stripe)) && !locked.holds(40));
        drop(locked);
        assert!(turn.try_lock(&wanted, 1).is_ok());
        assert!(!turn.try_lock(&[], 1).unwrap().holds(0));
    });
}

#[test]
#[should_panic(expected = "stripe 4 is not locked")]
fn a_stripe_that_is_not_held_is_out_of_reach() {
    let (space, _) = space(2);
    let turn = space.enter(A).unwrap();
    let mut locked = turn.try_lock(&[3], 1).unwrap();
    locked.get_mut(4);
}

#[test]
#[should_panic(expected = "a pair of stripes is two")]
fn a_pair_is_two_stripes() {
    let (space, _) = space(2);
    let turn = space.enter(A).unwrap();
    turn.try_lock(&[3], 1).unwrap().pair_mut(3, 3);
}

#[test]
#[should_panic(expected = "worker 0 is inside already")]
fn a_worker_has_one_permit() {
    let (space, _) = space(2);
    let _turn = space.enter(A);
    space.enter(A);
}

#[test]
#[should_panic(expected = "no stripe 1024")]
fn stripes_out_of_range_are_refused_before_any_lock() {
    let (space, _) = space(2);
    let _ = space.enter(A).unwrap().try_lock(&[0, STRIPES as u16], 1);
}

#[test]
fn parked_clients_hear_of_the_unlock_once() {
    each_kind(|space, notes| {
        let turn = space.enter(A).unwrap();
        assert!(!turn.park(7, 1), "a free stripe is not waited for");
        let held = turn.try_lock(&[7, 8], 1).unwrap();
        assert!(turn.park(7, 2) && turn.park(7, 3));
        drop(held);
        let told = [Told::Free { worker: 0, token: 2 }, Told::Free { worker: 0, token: 3 }];
        assert_eq!(notes.take(), told);
        drop(turn.try_lock(&[7], 1));
        assert_eq!(notes.take(), []);
    });
}

#[test]
fn a_reservation_keeps_others_off_until_it_is_served() {
    each_kind(|space, notes| {
        let turn = space.enter(A).unwrap();
        let held = turn.try_lock(&[7], 1).unwrap();
        turn.reserve(7, 2);
        turn.reserve(7, 2);
        assert!(turn.park(7, 2) && turn.park(7, 3));
        drop(held);
        assert_eq!(notes.take(), [Told::Free { worker: 0, token: 2 }], "only who may take it is woken");
        assert_eq!(turn.try_lock(&[7], 1).err(), Some(Contended { stripe: 7 }));
        assert!(turn.try_now(7).is_none());
        assert!(turn.park(7, 1));
        let served = turn.try_lock(&[7, 9], 2).unwrap();
        assert_eq!(notes.take(), []);
        drop(served);
        assert_eq!(notes.take(), [Told::Free { worker: 0, token: 3 }, Told::Free { worker: 0, token: 1 }]);
        assert!(turn.try_lock(&[7], 1).is_ok());
    });
}

#[test]
fn crossed_reservations_yield_to_the_older() {
    each_kind(|space, notes| {
        let turn = space.enter(A).unwrap();
        let held = turn.try_lock(&[3, 4], 1).unwrap();
        turn.reserve(4, 2);
        turn.reserve(3, 5);
        drop(held);
        assert_eq!(turn.try_lock(&[3, 4], 5).err(), Some(Contended { stripe: 4 }));
        assert!(turn.park(4, 5));
        drop(turn.try_lock(&[3, 4], 2).unwrap());
        assert_eq!(notes.take(), [Told::Free { worker: 0, token: 5 }]);
        assert!(turn.try_lock(&[3, 4], 5).is_ok());
        assert!(turn.try_lock(&[3, 4], 1).is_ok());
    });
}

#[test]
fn a_reservation_that_is_not_used_ends_with_the_next_success() {
    each_kind(|space, notes| {
        let turn = space.enter(A).unwrap();
        turn.reserve(7, 2);
        assert!(turn.park(7, 3));
        assert!(turn.try_lock(&[8], 2).is_ok());
        assert_eq!(notes.take(), [Told::Free { worker: 0, token: 3 }]);
        assert!(turn.try_lock(&[7], 3).is_ok());
    });
}

#[test]
fn a_forgotten_client_stands_in_nobodys_way() {
    each_kind(|space, notes| {
        let turn = space.enter(A).unwrap();
        let held = turn.try_lock(&[7], 1).unwrap();
        turn.reserve(7, 2);
        assert!(turn.park(7, 2) && turn.park(7, 3));
        space.forget(A, 2);
        space.forget(A, 2);
        assert_eq!(notes.take(), [], "the stripe is still held");
        drop(held);
        assert_eq!(notes.take(), [Told::Free { worker: 0, token: 3 }]);
        turn.reserve(7, 4);
        assert!(turn.park(7, 5));
        space.forget(A, 4);
        assert_eq!(notes.take(), [Told::Free { worker: 0, token: 5 }]);
    });
}

#[test]
fn exclusive_access_has_every_stripe_and_shuts_the_gate() {
    each_kind(|space, notes| {
        let mut exclusive = space.request_exclusive(Ticket(1)).unwrap();
        is_sendable(&exclusive);
        assert!(space.enter(A).is_none());
        let mut all = exclusive.as_locked();
        assert!((0..STRIPES as u16).all(|stripe| *all.get(stripe) == u64::from(stripe)));
        assert!(!all.holds(STRIPES as u16));
        *all.get_mut(0) = 99;
        drop(all);
        assert_eq!(notes.take(), []);
        drop(exclusive);
        assert_eq!(notes.take(), [Told::Open { worker: 0 }]);
        assert_eq!(*space.enter(A).unwrap().try_lock(&[0], 1).unwrap().get(0), 99);
    });
}

#[test]
fn exclusive_access_waits_for_the_last_permit() {
    let (space, notes) = space(2);
    let (a, b) = (space.enter(A).unwrap(), space.enter(B).unwrap());
    assert!(!a.asked_to_leave());
    assert!(space.request_exclusive(Ticket(1)).is_none());
    assert!(a.asked_to_leave());
    drop(a);
    assert_eq!(notes.take(), []);
    assert!(space.take_exclusive(Ticket(1)).is_none());
    assert!(space.enter(A).is_none());
    drop(b);
    assert_eq!(notes.take(), [Told::Ready { ticket: 1 }]);
    assert!(space.enter(B).is_none());
    assert!(space.take_exclusive(Ticket(2)).is_none());
    let exclusive = space.take_exclusive(Ticket(1)).unwrap();
    assert!(space.take_exclusive(Ticket(1)).is_none());
    space.check_invariants();
    drop(exclusive);
    assert_eq!(notes.take(), [Told::Open { worker: 0 }, Told::Open { worker: 1 }]);
}

#[test]
fn a_permit_turns_into_exclusive_access_if_it_is_the_only_one() {
    let (space, notes) = space(2);
    assert!(space.enter(A).unwrap().into_exclusive(Ticket(1)).is_some());
    let b = space.enter(B).unwrap();
    assert!(space.enter(A).unwrap().into_exclusive(Ticket(2)).is_none());
    drop(b);
    assert_eq!(notes.take(), [Told::Ready { ticket: 2 }]);
}

#[test]
fn requests_are_served_in_order_and_then_the_gate_opens() {
    let (space, notes) = space(2);
    let first = space.request_exclusive(Ticket(1)).unwrap();
    assert!(space.request_exclusive(Ticket(2)).is_none());
    assert!(space.request_exclusive(Ticket(3)).is_none());
    assert!(space.enter(A).is_none());
    drop(first);
    assert_eq!(notes.take(), [Told::Ready { ticket: 2 }]);
    drop(space.take_exclusive(Ticket(2)).unwrap());
    assert_eq!(notes.take(), [Told::Ready { ticket: 3 }]);
    drop(space.take_exclusive(Ticket(3)).unwrap());
    assert_eq!(notes.take(), [Told::Open { worker: 0 }]);
}

#[test]
fn a_withdrawn_request_opens_the_gate_or_passes_it_on() {
    let (space, notes) = space(2);
    let a = space.enter(A).unwrap();
    assert!(space.request_exclusive(Ticket(1)).is_none());
    assert!(space.request_exclusive(Ticket(2)).is_none());
    assert!(space.enter(B).is_none());
    assert!(space.withdraw(Ticket(1)));
    assert!(!space.withdraw(Ticket(1)));
    assert!(a.asked_to_leave(), "the second still asks");
    assert!(space.withdraw(Ticket(2)));
    assert_eq!(notes.take(), [Told::Open { worker: 1 }]);
    assert!(space.enter(B).is_some());
    drop(a);
    assert_eq!(notes.take(), []);
}

#[test]
fn a_granted_request_can_be_withdrawn_too() {
    let (space, notes) = space(2);
    let a = space.enter(A).unwrap();
    assert!(space.request_exclusive(Ticket(1)).is_none());
    assert!(space.request_exclusive(Ticket(2)).is_none());
    drop(a);
    assert_eq!(notes.take(), [Told::Ready { ticket: 1 }]);
    assert!(space.withdraw(Ticket(1)));
    assert_eq!(notes.take(), [Told::Ready { ticket: 2 }]);
    assert!(space.take_exclusive(Ticket(1)).is_none());
    let exclusive: Exclusive<u64> = space.take_exclusive(Ticket(2)).unwrap();
    assert!(!space.withdraw(Ticket(2)), "the holder has nothing to withdraw");
    drop(exclusive);
    assert!(space.enter(A).is_some());
}

#[test]
fn a_stay_outlives_its_turn_and_keeps_its_stripes() {
    each_kind(|space, notes| {
        let turn = space.enter(A).unwrap();
        let mut stay = turn.keep(&mut turn.try_lock(&[9, 3], 1).unwrap());
        drop(turn);
        *stay.as_locked().get_mut(3) = 33;
        assert!(stay.holds(9) && !stay.holds(4) && !stay.holds_all());
        let turn = space.enter(A).unwrap();
        assert_eq!(turn.try_lock(&[3], 2).err(), Some(Contended { stripe: 3 }));
        assert!(turn.try_lock(&[4], 2).is_ok() && turn.park(3, 2));
        drop(turn);
        drop(stay);
        assert_eq!(notes.take(), [Told::Free { worker: 0, token: 2 }]);
        let turn = space.enter(A).unwrap();
        assert_eq!(*turn.try_lock(&[3], 2).unwrap().get(3), 33);
    });
}

#[test]
fn nobody_has_exclusive_access_during_a_stay() {
    each_kind(|space, notes| {
        let turn = space.enter(A).unwrap();
        let stay = turn.keep(&mut turn.try_lock(&[0], 1).unwrap());
        drop(turn);
        assert!(space.request_exclusive(Ticket(1)).is_none());
        assert!(space.enter(A).is_none() && space.withdraw(Ticket(1)));
        assert_eq!(notes.take(), [Told::Open { worker: 0 }]);
        assert!(space.enter(A).unwrap().into_exclusive(Ticket(2)).is_none());
        drop(stay);
        assert_eq!(notes.take(), [Told::Ready { ticket: 2 }]);
        drop(space.take_exclusive(Ticket(2)).unwrap());
    });
}

#[test]
fn exclusive_access_turns_into_a_stay_that_lets_others_in() {
    each_kind(|space, notes| {
        let exclusive = space.request_exclusive(Ticket(1)).unwrap();
        assert!(space.enter(A).is_none());
        let mut stay = exclusive.into_stay(A);
        assert!(stay.holds_all());
        assert_eq!(notes.take(), [Told::Open { worker: 0 }]);
        let turn = space.enter(A).unwrap();
        assert!(turn.try_lock(&[5], 1).is_err() && turn.park(5, 1));
        drop(turn);
        *stay.as_locked().get_mut(5) = 55;
        drop(stay);
        assert_eq!(notes.take(), [Told::Free { worker: 0, token: 1 }]);
        assert_eq!(*space.enter(A).unwrap().try_lock(&[5], 1).unwrap().get(5), 55);
    });
}

#[test]
fn only_a_lone_worker_without_stays_has_all_by_its_permit() {
    let (pair, _) = space(2);
    assert!(pair.enter(A).unwrap().try_all_alone().is_none());
    let (alone, _) = space(1);
    let mut turn = alone.enter(A).unwrap();
    *turn.try_all_alone().unwrap().get_mut(1023) = 7;
    let stay = turn.keep(&mut turn.try_lock(&[0], 1).unwrap());
    assert!(turn.try_all_alone().is_none());
    drop(stay);
    assert_eq!(*turn.try_all_alone().unwrap().get(1023), 7);
}

#[test]
#[should_panic(expected = "one by one")]
fn what_the_permit_alone_holds_cannot_be_kept() {
    let (space, _) = space(1);
    let mut exclusive = space.request_exclusive(Ticket(1)).unwrap().into_stay(A);
    let turn = space.enter(A).unwrap();
    drop(turn.keep(&mut exclusive.as_locked()));
}
