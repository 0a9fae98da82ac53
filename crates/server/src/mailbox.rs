//! Letters between the threads. A box is a locked list and a waker; whoever finds it empty rings.

use crate::net::Accepted;
use mio::Waker;
use node::mail::{ControlMail, Post, WorkerIdx, WorkerMail};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock};

/// One machine's box.
pub struct Mailbox<M> {
    letters: Mutex<Vec<M>>,
    rung: AtomicBool,
    waker: OnceLock<Waker>,
}

impl<M> Default for Mailbox<M> {
    fn default() -> Mailbox<M> {
        Mailbox { letters: Mutex::default(), rung: AtomicBool::new(false), waker: OnceLock::new() }
    }
}

impl<M> Mailbox<M> {
    /// Connects the box to its machine's poll; letters that came before ring now.
    pub fn connect(&self, waker: Waker) {
        let waker = self.waker.get_or_init(|| waker);
        let _ = waker.wake();
    }

    /// Puts a letter in.
    pub fn put(&self, letter: M) {
        if let Ok(mut letters) = self.letters.lock() {
            letters.push(letter);
        }
        self.ring();
    }

    fn ring(&self) {
        if !self.rung.swap(true, Ordering::AcqRel)
            && let Some(waker) = self.waker.get()
        {
            // It fails only if the descriptor is gone, with the machine.
            let _ = waker.wake();
        }
    }

    /// Takes all letters, in the order in which they came.
    pub fn take(&self) -> Vec<M> {
        if !self.rung.load(Ordering::Acquire) {
            return Vec::new();
        }
        // Lowered before the list is taken: a letter put in between rings again.
        self.rung.store(false, Ordering::Release);
        self.letters.lock().map(|mut letters| std::mem::take(&mut *letters)).unwrap_or_default()
    }
}

/// What comes to a worker's thread.
pub enum ToWorker {
    /// For the machine.
    Mail(WorkerMail),
    /// A socket that another thread accepted.
    Adopt(Box<Accepted>),
    /// New listening sockets in place of the old ones (worker 0).
    Listen(Vec<crate::net::Listener>),
}

/// What comes to control's thread.
pub enum ToControl {
    /// For the machine.
    Mail(ControlMail),
    /// A file operation ended.
    File(node::control::OpId, Result<(), String>),
    /// The addresses of a host, or why there are none.
    Resolved(node::control::ActionId, Result<Vec<std::net::IpAddr>, String>),
    /// A signal arrived: its name.
    Signal(&'static str),
    /// What the host names in `cluster-bus-allow` mean now.
    BusAddresses(Vec<std::net::IpAddr>),
    /// An action of control ended elsewhere.
    Outcome(node::control::ActionId, Result<(), String>),
}

/// All boxes of a process.
pub struct Boxes {
    /// The workers'.
    pub workers: Vec<Mailbox<ToWorker>>,
    /// Control's.
    pub control: Mailbox<ToControl>,
}

impl Boxes {
    /// Boxes for so many workers.
    pub fn new(workers: usize) -> Boxes {
        Boxes { workers: (0..workers).map(|_| Mailbox::default()).collect(), control: Mailbox::default() }
    }
}

impl Post for Boxes {
    fn to_worker(&self, worker: WorkerIdx, mail: WorkerMail) {
        if let Some(mailbox) = self.workers.get(worker) {
            mailbox.put(ToWorker::Mail(mail));
        }
    }

    fn to_control(&self, mail: ControlMail) {
        self.control.put(ToControl::Mail(mail));
    }
}
