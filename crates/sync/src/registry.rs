//! Who waits for which stripe: parked clients and reservations.
//!
//! A reservation keeps all others off a stripe until its client has got all that it wants. As a client reserves
//! wherever it fails, two could reserve what the other needs; so reservations have an age, and a client passes
//! those that are younger than its own. The oldest is stopped by holders alone, who end by themselves.

use std::collections::BTreeMap;

use crate::WorkerIdx;
use crate::sys::{AtomicU32, Mutex, Ordering, lock};
use crate::word::{LOCKED, RESERVED, WAITERS, Word};

/// One connection of one worker.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Client {
    pub(crate) worker: WorkerIdx,
    pub(crate) token: u64,
}

pub(crate) struct Registry {
    state: Mutex<State>,
    /// The words' only writer is the thread with the permit; see `Word`.
    alone: bool,
    /// By worker: how many of its clients hold reservations.
    reservers: Box<[Reservers]>,
}

/// Read by its worker after each lock, so in a cache line of its own.
#[repr(align(64))]
struct Reservers(AtomicU32);

#[derive(Default)]
struct State {
    queues: BTreeMap<u16, Queue>,
    reservations: BTreeMap<Client, Reservation>,
    next_age: u64,
}

/// Of one stripe; kept only while there is somebody in it.
#[derive(Default)]
struct Queue {
    parked: Vec<Client>,
    reserved: Vec<Client>,
}

struct Reservation {
    age: u64,
    stripes: Vec<u16>,
}

impl Registry {
    pub(crate) fn new(workers: usize) -> Registry {
        Registry {
            state: Mutex::new(State::default()),
            alone: workers == 1,
            reservers: (0..workers).map(|_| Reservers(AtomicU32::new(0))).collect(),
        }
    }

    /// Parks `client`, or false if the stripe is free for it.
    pub(crate) fn park(&self, stripe: u16, word: &Word, client: Client) -> bool {
        let mut state = lock(&self.state);
        if !word.wait_if_held() {
            if state.may_pass(stripe, client) {
                return false;
            }
            word.set(WAITERS);
        }
        state.queues.entry(stripe).or_default().parked.push(client);
        true
    }

    /// Adds a reservation, in line behind older ones.
    pub(crate) fn reserve(&self, stripe: u16, word: &Word, client: Client) {
        let mut state = lock(&self.state);
        let queue = state.queues.entry(stripe).or_default();
        if queue.reserved.contains(&client) {
            return;
        }
        queue.reserved.push(client);
        word.set(RESERVED);
        let age = state.next_age;
        let reservation = state.reservations.entry(client).or_insert_with(|| {
            self.reservers[client.worker.index()].0.fetch_add(1, Ordering::Relaxed);
            Reservation { age, stripes: Vec::new() }
        });
        reservation.stripes.push(stripe);
        state.next_age += 1;
    }

    /// Locks a stripe whose word says that it is reserved, if `client` may.
    pub(crate) fn lock_reserved(&self, stripe: u16, word: &Word, client: Client) -> bool {
        let state = lock(&self.state);
        if state.queues.get(&stripe).is_none_or(|queue| queue.reserved.is_empty()) {
            word.clear(RESERVED);
        }
        state.may_pass(stripe, client) && word.lock_reserved()
    }

    /// Whether any client of `worker` holds a reservation.
    #[inline]
    pub(crate) fn has_reservations(&self, worker: WorkerIdx) -> bool {
        self.reservers[worker.index()].0.load(Ordering::Relaxed) != 0
    }

    /// Ends the reservations of `client`. Returns whom to wake.
    pub(crate) fn release<'w>(&self, client: Client, words: impl Fn(u16) -> &'w Word) -> Vec<Client> {
        self.end_reservation(&mut lock(&self.state), client, words, true)
    }

    /// Ends the reservations of `client` and its waiting, in any thread. Returns whom to wake.
    pub(crate) fn forget<'w>(&self, client: Client, words: impl Fn(u16) -> &'w Word) -> Vec<Client> {
        let mut state = lock(&self.state);
        state.queues.retain(|_, queue| {
            queue.parked.retain(|parked| *parked != client);
            !queue.is_empty()
        });
        self.end_reservation(&mut state, client, words, !self.alone)
    }

    /// `tidy`: bits that nobody needs any more are cleared now, not by the worker that runs into them.
    fn end_reservation<'w>(
        &self,
        state: &mut State,
        client: Client,
        words: impl Fn(u16) -> &'w Word,
        tidy: bool,
    ) -> Vec<Client> {
        let mut woken = Vec::new();
        let Some(reservation) = state.reservations.remove(&client) else { return woken };
        self.reservers[client.worker.index()].0.fetch_sub(1, Ordering::Relaxed);
        for stripe in reservation.stripes {
            let Some(queue) = state.queues.get_mut(&stripe) else { continue };
            queue.reserved.retain(|reserved| *reserved != client);
            let word = words(stripe);
            let clears = tidy && queue.reserved.is_empty();
            let before = if clears { word.clear(RESERVED) } else { word.load() };
            // A holder's unlock sees WAITERS and comes here by itself.
            if before & LOCKED == 0 {
                woken.append(&mut state.take_woken(stripe, word, tidy));
            }
            state.drop_if_empty(stripe);
        }
        woken
    }

    /// The stripe was unlocked and its word said that clients are parked. Returns whom to wake.
    pub(crate) fn unlocked(&self, stripe: u16, word: &Word) -> Vec<Client> {
        lock(&self.state).take_woken(stripe, word, true)
    }

    /// Panics if queues, words and counters disagree. `quiet`: nobody is inside the gate, so that no lock is
    /// held and every wake-up that is due has been given.
    pub(crate) fn check_invariants<'w>(&self, words: impl Fn(u16) -> &'w Word, quiet: bool) {
        let state = lock(&self.state);
        for (&stripe, queue) in &state.queues {
            let word = words(stripe).load();
            assert!(!queue.is_empty());
            assert!(queue.parked.is_empty() || word & WAITERS != 0, "stripe {stripe} forgot its waiters");
            assert!(queue.reserved.is_empty() || word & RESERVED != 0, "stripe {stripe} lost a reservation");
            for client in &queue.reserved {
                assert!(state.reservations[client].stripes.contains(&stripe));
            }
            for client in queue.parked.iter().filter(|_| quiet) {
                assert!(!state.may_pass(stripe, *client), "{client:?} waits for the free stripe {stripe}");
            }
        }
        for (worker, reservers) in self.reservers.iter().enumerate() {
            let counted = state.reservations.keys().filter(|client| client.worker.index() == worker).count();
            assert_eq!(reservers.0.load(Ordering::Relaxed) as usize, counted);
        }
    }
}

impl State {
    /// Whether no reservation of `stripe` but younger ones than `client`'s stands in its way.
    fn may_pass(&self, stripe: u16, client: Client) -> bool {
        let Some(queue) = self.queues.get(&stripe) else { return true };
        let Some(oldest) = queue.reserved.iter().map(|reserved| self.age(*reserved)).min() else {
            return true;
        };
        self.reservations.get(&client).is_some_and(|own| own.age <= oldest)
    }

    fn age(&self, client: Client) -> u64 {
        self.reservations[&client].age
    }

    /// Takes out the parked clients that the free stripe would let in.
    fn take_woken(&mut self, stripe: u16, word: &Word, tidy: bool) -> Vec<Client> {
        let parked = match self.queues.get_mut(&stripe) {
            Some(queue) => std::mem::take(&mut queue.parked),
            None => Vec::new(),
        };
        let (woken, left) =
            parked.into_iter().partition::<Vec<_>, _>(|client| self.may_pass(stripe, *client));
        if tidy && left.is_empty() {
            word.clear(WAITERS);
        }
        if let Some(queue) = self.queues.get_mut(&stripe) {
            queue.parked = left;
        }
        self.drop_if_empty(stripe);
        woken
    }

    fn drop_if_empty(&mut self, stripe: u16) {
        if self.queues.get(&stripe).is_some_and(Queue::is_empty) {
            self.queues.remove(&stripe);
        }
    }
}

impl Queue {
    fn is_empty(&self) -> bool {
        self.parked.is_empty() && self.reserved.is_empty()
    }
}
