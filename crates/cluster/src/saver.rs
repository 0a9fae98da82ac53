//! The configuration on its way to disk: a chain of file steps at a time, newer states coalesced behind it.

use crate::event::SaveId;
use base::Epoch;
use std::collections::VecDeque;

/// A step handed to the caller, to be answered by `handle_file`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct OpId(pub u64);

/// One step. Names are relative to the directory of the configuration file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FileStep {
    /// Create or truncate, write all, mode 0644.
    Write {
        /// File name.
        name: String,
        /// Whole content.
        bytes: Vec<u8>,
    },
    /// Force the file's content to disk.
    Fsync {
        /// File name.
        name: String,
    },
    /// Replace `to` by `from`.
    Rename {
        /// Old name.
        from: String,
        /// New name.
        to: String,
    },
    /// Force the directory's names to disk.
    SyncDir,
}

/// A step and its name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileOp {
    /// To be given back.
    pub id: OpId,
    /// What to do.
    pub step: FileStep,
}

/// The numbers that must be on disk before anybody hears them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Promises {
    pub current_epoch: Epoch,
    pub my_epoch: Epoch,
    pub last_vote: Epoch,
}

struct Chain {
    save: SaveId,
    promises: Promises,
    /// Handed out and not answered, then the rest.
    running: Option<(OpId, FileStep)>,
    rest: VecDeque<FileStep>,
}

/// What came of an answer.
pub(crate) enum Progress {
    /// More steps follow, or the answer was not for us.
    Going,
    /// The state named is on disk.
    Saved(SaveId),
    /// It is not; here is the step that failed.
    Failed(SaveId, FileStep, String),
}

/// At most one chain at a time.
pub(crate) struct Saver {
    wanted: bool,
    next: SaveId,
    next_op: u64,
    chain: Option<Chain>,
    durable: Promises,
}

impl Saver {
    /// `durable`: what the loaded file says.
    pub fn new(durable: Promises) -> Saver {
        Saver { wanted: false, next: SaveId(1), next_op: 0, chain: None, durable }
    }

    /// The present state must reach the disk.
    pub fn want(&mut self) -> SaveId {
        self.wanted = true;
        self.next
    }

    /// Whether a chain should be started now.
    pub fn ready_to_start(&self) -> bool {
        self.wanted && self.chain.is_none()
    }

    pub fn start(&mut self, promises: Promises, steps: Vec<FileStep>) {
        assert!(self.ready_to_start() && !steps.is_empty());
        self.chain = Some(Chain { save: self.next, promises, running: None, rest: steps.into() });
        self.wanted = false;
        self.next = SaveId(self.next.0 + 1);
    }

    pub fn poll(&mut self) -> Option<FileOp> {
        let chain = self.chain.as_mut()?;
        if chain.running.is_some() {
            return None;
        }
        let step = chain.rest.pop_front()?;
        let id = OpId(self.next_op);
        self.next_op += 1;
        chain.running = Some((id, step.clone()));
        Some(FileOp { id, step })
    }

    pub fn done(&mut self, id: OpId, result: Result<(), String>) -> Progress {
        let Some(chain) = self.chain.as_mut() else { return Progress::Going };
        if chain.running.as_ref().is_none_or(|(running, _)| *running != id) {
            return Progress::Going;
        }
        let Some((_, step)) = chain.running.take() else { return Progress::Going };
        let save = chain.save;
        if let Err(why) = result {
            self.chain = None;
            return Progress::Failed(save, step, why);
        }
        if !chain.rest.is_empty() {
            return Progress::Going;
        }
        self.durable = chain.promises;
        self.chain = None;
        Progress::Saved(save)
    }

    /// The numbers that a crash cannot take back.
    pub fn durable(&self) -> Promises {
        self.durable
    }

    /// The save after which `covers` holds of the durable numbers; `None` if it holds already.
    pub fn save_for(&self, covers: impl Fn(&Promises) -> bool) -> Option<SaveId> {
        if covers(&self.durable) {
            return None;
        }
        match &self.chain {
            Some(chain) if covers(&chain.promises) => Some(chain.save),
            _ => Some(self.next),
        }
    }

    /// The save that covers all that was asked for so far; `None` if nothing is on its way.
    pub fn outstanding(&self) -> Option<SaveId> {
        match self.wanted {
            true => Some(self.next),
            false => self.chain.as_ref().map(|c| c.save),
        }
    }
}
