//! A `Wake` that notes what it was told, shared by the test programs.
#![allow(dead_code)]

use std::sync::{Arc, Mutex};

use sync::{Ticket, Wake, WorkerIdx};

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Told {
    Free { worker: u16, token: u64 },
    Open { worker: u16 },
    Ready { ticket: u64 },
}

#[derive(Clone, Default)]
pub struct Notes(Arc<Mutex<Vec<Told>>>);

impl Notes {
    pub fn boxed(&self) -> Box<dyn Wake> {
        Box::new(self.clone())
    }

    /// What was told since the last call.
    pub fn take(&self) -> Vec<Told> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    /// Takes out what `wanted` accepts.
    pub fn take_if(&self, wanted: impl Fn(&Told) -> bool) -> Vec<Told> {
        let mut notes = self.0.lock().unwrap();
        let (taken, left) = notes.drain(..).partition(wanted);
        *notes = left;
        taken
    }

    fn note(&self, told: Told) {
        self.0.lock().unwrap().push(told);
    }
}

impl Wake for Notes {
    fn stripe_free(&self, worker: WorkerIdx, token: u64) {
        self.note(Told::Free { worker: worker.0, token });
    }

    fn gate_open(&self, worker: WorkerIdx) {
        self.note(Told::Open { worker: worker.0 });
    }

    fn exclusive_ready(&self, ticket: Ticket) {
        self.note(Told::Ready { ticket: ticket.0 });
    }
}
