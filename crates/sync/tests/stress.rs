//! Real threads, many turns: sums come out right, everyone who parks is woken.
#![cfg(not(loom))]

mod common;

use std::collections::VecDeque;
use std::sync::Arc;
use std::thread;

use base::Rng;
use common::{Notes, Told};
use sync::{Shared, Space, Ticket, WorkerIdx};

const CLIENTS: u64 = 4;
const TURNS_PER_CLIENT: u64 = 4000;
/// Few, so that they are fought over.
const HOT_STRIPES: u64 = 5;
const FAILURES_BEFORE_RESERVING: u32 = 3;

/// A worker of the test: its clients each add one to one to three stripes, as often as they have turns.
struct Worker {
    idx: WorkerIdx,
    space: Arc<Space<u64>>,
    notes: Notes,
    rng: Rng,
    ready: VecDeque<Client>,
    parked: Vec<Client>,
    added: u64,
}

struct Client {
    token: u64,
    turns: u64,
    failures: u32,
    wants: Vec<u16>,
}

impl Worker {
    fn new(idx: u16, space: Arc<Space<u64>>, notes: Notes, seed: u64) -> Worker {
        let client = |token| Client { token, turns: 0, failures: 0, wants: Vec::new() };
        let ready = (0..CLIENTS).map(client).collect();
        let rng = Rng::new(seed + u64::from(idx));
        Worker { idx: WorkerIdx(idx), space, notes, rng, ready, parked: Vec::new(), added: 0 }
    }

    /// Runs until every client has had its turns. Returns what was added in all.
    fn run(mut self) -> u64 {
        let mut closed = false;
        while !self.ready.is_empty() || !self.parked.is_empty() {
            closed &= !self.hear();
            if closed || self.ready.is_empty() {
                thread::yield_now();
                continue;
            }
            let space = self.space.clone();
            match space.enter(self.idx) {
                Some(turn) => self.turn(&turn),
                None => closed = true,
            }
        }
        self.added
    }

    /// Takes this worker's messages; true if one says that the gate is open.
    fn hear(&mut self) -> bool {
        let mut open = false;
        let own = self.idx.0;
        for told in self.notes.take_if(|told| match told {
            Told::Free { worker, .. } | Told::Open { worker } => *worker == own,
            Told::Ready { .. } => false,
        }) {
            let Told::Free { token, .. } = told else {
                open = true;
                continue;
            };
            let at = self.parked.iter().position(|client| client.token == token);
            self.ready.extend(at.map(|at| self.parked.swap_remove(at)));
        }
        open
    }

    fn turn(&mut self, turn: &Shared<'_, u64>) {
        for _ in 0..self.ready.len() {
            let Some(client) = self.ready.pop_front() else { return };
            self.serve(turn, client);
            if turn.asked_to_leave() {
                return;
            }
        }
    }

    fn serve(&mut self, turn: &Shared<'_, u64>, mut client: Client) {
        if client.wants.is_empty() {
            client.wants = (0..=self.rng.below(3)).map(|_| self.rng.below(HOT_STRIPES) as u16).collect();
            client.wants.sort_unstable();
            client.wants.dedup();
        }
        match turn.try_lock(&client.wants, client.token) {
            Ok(mut locked) => {
                for &stripe in &client.wants {
                    let value = *locked.get(stripe);
                    if self.rng.below(64) == 0 {
                        thread::yield_now();
                    }
                    *locked.get_mut(stripe) = value + 1;
                    self.added += 1;
                }
                client.wants.clear();
                client.turns += 1;
                client.failures = 0;
                if client.turns < TURNS_PER_CLIENT {
                    self.ready.push_back(client);
                }
            }
            Err(contended) => {
                client.failures += 1;
                if client.failures >= FAILURES_BEFORE_RESERVING {
                    turn.reserve(contended.stripe, client.token);
                }
                if turn.park(contended.stripe, client.token) {
                    self.parked.push(client);
                } else {
                    self.ready.push_back(client);
                }
            }
        }
    }
}

/// Asks for exclusive access again and again, and gives every third request up.
fn requester(space: &Arc<Space<u64>>, notes: &Notes, ticket: u64, rounds: u64) -> u64 {
    let mut added = 0;
    for round in 0..rounds {
        let mut granted = space.request_exclusive(Ticket(ticket));
        let gives_up = round % 3 == 0;
        while granted.is_none() && !gives_up {
            thread::yield_now();
            if !notes.take_if(|told| *told == Told::Ready { ticket }).is_empty() {
                granted = space.take_exclusive(Ticket(ticket));
                assert!(granted.is_some());
            }
        }
        match granted {
            Some(mut exclusive) => {
                exclusive.check_invariants();
                *exclusive.as_locked().get_mut(0) += 1;
                added += 1;
            }
            None => {
                assert!(space.withdraw(Ticket(ticket)));
                notes.take_if(|told| *told == Told::Ready { ticket });
            }
        }
        thread::yield_now();
    }
    added
}

fn check(workers: u16, seed: u64) {
    let notes = Notes::default();
    let space = Space::new(usize::from(workers), |_| 0, notes.boxed());
    let added: u64 = thread::scope(|scope| {
        let mut threads = Vec::new();
        for idx in 0..workers {
            let worker = Worker::new(idx, space.clone(), notes.clone(), seed);
            threads.push(scope.spawn(move || worker.run()));
        }
        for ticket in 1..=2 {
            let (space, notes) = (&space, &notes);
            threads.push(scope.spawn(move || requester(space, notes, ticket, 300)));
        }
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    let mut exclusive = space.request_exclusive(Ticket(9)).unwrap();
    exclusive.check_invariants();
    let all = exclusive.as_locked();
    assert_eq!((0..HOT_STRIPES as u16).map(|stripe| *all.get(stripe)).sum::<u64>(), added);
}

#[test]
fn one_worker_and_requesters() {
    check(1, 1);
}

#[test]
fn two_workers_and_requesters() {
    check(2, 2);
}

#[test]
fn more_workers_than_cores() {
    check(7, 3);
}
