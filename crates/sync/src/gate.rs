//! The gate: who may be inside, many workers or one exclusive holder.
//!
//! A worker writes `inside` of its own seat and then reads `closed`; a requester writes `closed` and then reads
//! every seat. Both pairs are sequentially consistent, so at least one of the two sees the other. Leaving is
//! the same pair: the last to leave sees `closed` and passes the gate on, or the requester sees it gone.
//! `closed`, and everything in `State`, changes only under the mutex.

use std::collections::VecDeque;

use crate::sys::{AtomicBool, AtomicU32, Mutex, Ordering, lock, store_before_load};
use crate::{Ticket, Wake, WorkerIdx};

pub(crate) struct Gate {
    closed: Closed,
    seats: Box<[Seat]>,
    state: Mutex<State>,
}

/// Read by every worker each turn, so nothing that changes shares its line.
#[repr(align(64))]
struct Closed(AtomicBool);

/// One worker's presence, in a cache line of its own: [`TURN`] while it has the permit of a turn, and [`STAY`] for each lock that
/// outlives its turn. Zero: it is not inside.
#[repr(align(64))]
struct Seat {
    inside: AtomicU32,
}

const TURN: u32 = 1;
const STAY: u32 = 2;

struct State {
    phase: Phase,
    /// Requests that are not granted yet, the first to be served in front.
    asking: VecDeque<Ticket>,
    /// By worker: refused since the gate was last open.
    refused: Vec<bool>,
}

#[derive(PartialEq, Debug)]
enum Phase {
    /// Workers come and go.
    Open,
    /// Nobody new comes in; the first request waits for permits to come back.
    Draining,
    /// All permits are back; the requester has been told.
    Granted(Ticket),
    /// The exclusive holder is in.
    Held,
}

/// Whom to wake once the mutex is released.
#[must_use]
enum News {
    Nothing,
    Ready(Ticket),
    Open(Vec<WorkerIdx>),
}

impl Gate {
    pub(crate) fn new(workers: usize) -> Gate {
        assert!((1..=usize::from(u16::MAX)).contains(&workers), "a space has 1 to 65535 workers");
        Gate {
            closed: Closed(AtomicBool::new(false)),
            seats: (0..workers).map(|_| Seat { inside: AtomicU32::new(0) }).collect(),
            state: Mutex::new(State {
                phase: Phase::Open,
                asking: VecDeque::new(),
                refused: vec![false; workers],
            }),
        }
    }

    pub(crate) fn workers(&self) -> usize {
        self.seats.len()
    }

    /// Whether somebody wants the gate for itself, or has it.
    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.0.load(Ordering::Relaxed)
    }

    /// True if `worker` is inside now; else it hears `gate_open`.
    #[inline]
    pub(crate) fn enter(&self, worker: WorkerIdx, wake: &dyn Wake) -> bool {
        if !self.is_closed() {
            self.sit(worker);
            store_before_load();
            if !self.closed.0.load(Ordering::SeqCst) {
                return true;
            }
            self.rise(worker, TURN);
        }
        self.enter_closed(worker, wake)
    }

    /// Marks `worker` as inside for a turn. A second permit of the same worker is impossible: the plain accesses of a space for
    /// one worker rest on that.
    #[inline]
    fn sit(&self, worker: WorkerIdx) {
        let before = self.seats[worker.index()].inside.fetch_add(TURN, Ordering::SeqCst);
        assert!(before & TURN == 0, "worker {} is inside already", worker.0);
    }

    /// Takes back one mark of `worker`.
    #[inline]
    fn rise(&self, worker: WorkerIdx, mark: u32) {
        self.seats[worker.index()].inside.fetch_sub(mark, Ordering::SeqCst);
    }

    /// `worker`, which is inside or the exclusive holder, will stay beyond its turn: it counts as inside until
    /// [`Gate::leave_stay`].
    pub(crate) fn stay(&self, worker: WorkerIdx) {
        self.seats[worker.index()].inside.fetch_add(STAY, Ordering::SeqCst);
    }

    /// Whether `worker` has no more than the permit of its turn.
    pub(crate) fn is_on_a_turn(&self, worker: WorkerIdx) -> bool {
        self.seats[worker.index()].inside.load(Ordering::Relaxed) == TURN
    }

    /// A stay ends.
    pub(crate) fn leave_stay(&self, worker: WorkerIdx, wake: &dyn Wake) {
        self.leave_by(worker, STAY, wake);
    }

    #[cold]
    fn enter_closed(&self, worker: WorkerIdx, wake: &dyn Wake) -> bool {
        let mut state = lock(&self.state);
        if state.phase == Phase::Open {
            self.sit(worker);
            return true;
        }
        state.refused[worker.index()] = true;
        // The requester may have seen this worker's short visit and be waiting for its end.
        let news = self.grant_if_empty(&mut state);
        drop(state);
        news.tell(wake);
        false
    }

    /// A turn ends.
    #[inline]
    pub(crate) fn leave(&self, worker: WorkerIdx, wake: &dyn Wake) {
        self.leave_by(worker, TURN, wake);
    }

    #[inline]
    fn leave_by(&self, worker: WorkerIdx, mark: u32, wake: &dyn Wake) {
        self.rise(worker, mark);
        store_before_load();
        if self.closed.0.load(Ordering::SeqCst) {
            self.leave_closed(wake);
        }
    }

    #[cold]
    fn leave_closed(&self, wake: &dyn Wake) {
        let news = self.grant_if_empty(&mut lock(&self.state));
        news.tell(wake);
    }

    /// True if granted at once; else `ticket` waits in line.
    pub(crate) fn request(&self, ticket: Ticket) -> bool {
        let mut state = lock(&self.state);
        debug_assert!(!state.asking.contains(&ticket), "{ticket:?} asks twice");
        if state.phase != Phase::Open {
            state.asking.push_back(ticket);
            return false;
        }
        assert!(state.asking.is_empty(), "an open gate has nobody in line");
        self.closed.0.store(true, Ordering::SeqCst);
        store_before_load();
        if self.is_empty() {
            state.phase = Phase::Held;
            return true;
        }
        state.phase = Phase::Draining;
        state.asking.push_back(ticket);
        false
    }

    /// True if `ticket` was granted and is the holder from now on.
    pub(crate) fn take(&self, ticket: Ticket) -> bool {
        let mut state = lock(&self.state);
        let granted = state.phase == Phase::Granted(ticket);
        if granted {
            state.phase = Phase::Held;
        }
        granted
    }

    /// True if `ticket` was waiting or granted, and is no more.
    pub(crate) fn withdraw(&self, ticket: Ticket, wake: &dyn Wake) -> bool {
        let mut state = lock(&self.state);
        let granted = state.phase == Phase::Granted(ticket);
        let waiting = state.asking.iter().position(|t| *t == ticket);
        if let Some(place) = waiting {
            state.asking.remove(place);
        }
        let news = if granted || (state.phase == Phase::Draining && state.asking.is_empty()) {
            self.pass_on(&mut state)
        } else {
            News::Nothing
        };
        drop(state);
        news.tell(wake);
        granted || waiting.is_some()
    }

    /// The exclusive holder goes.
    pub(crate) fn release(&self, wake: &dyn Wake) {
        let mut state = lock(&self.state);
        assert_eq!(state.phase, Phase::Held);
        let news = self.pass_on(&mut state);
        drop(state);
        news.tell(wake);
    }

    /// To the next in line, or to the workers.
    fn pass_on(&self, state: &mut State) -> News {
        if state.asking.is_empty() {
            return self.open(state);
        }
        state.phase = Phase::Draining;
        self.grant_if_empty(state)
    }

    fn open(&self, state: &mut State) -> News {
        state.phase = Phase::Open;
        self.closed.0.store(false, Ordering::SeqCst);
        let mut told = Vec::new();
        for (worker, refused) in state.refused.iter_mut().enumerate() {
            if std::mem::take(refused) {
                told.push(WorkerIdx(worker as u16));
            }
        }
        News::Open(told)
    }

    fn grant_if_empty(&self, state: &mut State) -> News {
        if state.phase != Phase::Draining || !self.is_empty() {
            return News::Nothing;
        }
        let Some(ticket) = state.asking.pop_front() else { return News::Nothing };
        state.phase = Phase::Granted(ticket);
        News::Ready(ticket)
    }

    fn is_empty(&self) -> bool {
        self.seats.iter().all(|seat| seat.inside.load(Ordering::SeqCst) == 0)
    }

    /// Panics if the queue and the flags disagree.
    pub(crate) fn check_invariants(&self) {
        let state = lock(&self.state);
        assert_eq!(self.is_closed(), state.phase != Phase::Open);
        match state.phase {
            Phase::Open => {
                assert!(state.asking.is_empty());
                assert!(state.refused.iter().all(|refused| !refused));
            }
            Phase::Draining => assert!(!state.asking.is_empty()),
            Phase::Granted(ticket) => assert!(!state.asking.contains(&ticket)),
            Phase::Held => {}
        }
    }
}

impl News {
    fn tell(self, wake: &dyn Wake) {
        match self {
            News::Nothing => {}
            News::Ready(ticket) => wake.exclusive_ready(ticket),
            News::Open(workers) => workers.into_iter().for_each(|worker| wake.gate_open(worker)),
        }
    }
}
