//! The configuration on its way to disk: a chain of file steps at a time, newer states coalesced behind it.

use crate::conf::{ConfError, Generations, Saved, Step as FileStep};
use crate::event::SaveId;
use base::Epoch;
use std::collections::VecDeque;

/// A step handed to the caller, to be answered by `handle_file`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct OpId(pub u64);

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
    /// Handed out and not answered.
    running: Option<(OpId, FileStep)>,
    rest: VecDeque<FileStep>,
    done: usize,
    /// After so many steps the state is safe; the rest keeps a copy.
    durable: usize,
}

/// What came of an answer.
pub(crate) enum Progress {
    /// More steps follow, or the answer was not for us.
    Going,
    /// The state named is on disk.
    Saved(SaveId),
    /// It is not; here is the step that failed.
    Failed(SaveId, FileStep, String),
    /// It is, but the copy of it could not be made.
    CopyFailed(FileStep, String),
}

/// At most one chain at a time.
pub(crate) struct Saver {
    wanted: bool,
    next: SaveId,
    next_op: u64,
    chain: Option<Chain>,
    durable: Promises,
    generations: Generations,
}

impl Saver {
    /// `durable`: what the loaded file says.
    pub fn new(durable: Promises, generations: Generations) -> Saver {
        Saver { wanted: false, next: SaveId(1), next_op: 0, chain: None, durable, generations }
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

    /// Starts to save `state`, which `promises` are of. The name of the save, also if the text is refused.
    pub fn start(&mut self, promises: Promises, mut state: Saved) -> Result<SaveId, (SaveId, ConfError)> {
        assert!(self.ready_to_start());
        let save = self.next;
        self.wanted = false;
        self.next = SaveId(save.0 + 1);
        let plan = self.generations.save(&mut state).map_err(|why| (save, why))?;
        let (rest, durable) = (plan.steps.into(), plan.durable);
        self.chain = Some(Chain { save, promises, running: None, rest, done: 0, durable });
        Ok(save)
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
        let Some((_, step)) = chain.running.take_if(|(running, _)| *running == id) else {
            return Progress::Going;
        };
        let (save, safe) = (chain.save, chain.done >= chain.durable);
        if let Err(why) = result {
            self.generations.finished(chain.done);
            self.chain = None;
            return match safe {
                true => Progress::CopyFailed(step, why),
                false => Progress::Failed(save, step, why),
            };
        }
        chain.done += 1;
        let became_safe = chain.done == chain.durable;
        if became_safe {
            self.durable = chain.promises;
        }
        if chain.rest.is_empty() {
            self.generations.finished(chain.done);
            self.chain = None;
        }
        if became_safe { Progress::Saved(save) } else { Progress::Going }
    }

    /// The loaded file says this.
    pub fn trust(&mut self, durable: Promises) {
        self.durable = durable;
    }

    /// The numbers that a crash cannot take back.
    pub fn durable(&self) -> Promises {
        self.durable
    }

    /// The operator chose to go on although `promises` could not be saved. Votes are never given on such terms.
    pub fn go_on_without(&mut self, promises: Promises) {
        self.durable = Promises { last_vote: self.durable.last_vote, ..promises };
    }

    /// The cluster's epoch that `save` puts on disk; `None` if it has not started and takes what holds then.
    pub fn epoch_of(&self, save: SaveId) -> Option<Epoch> {
        self.chain.as_ref().filter(|chain| chain.save == save).map(|chain| chain.promises.current_epoch)
    }

    /// The save after which `covers` holds of the durable numbers; `None` if it holds already. Asks for that save.
    pub fn save_for(&mut self, covers: impl Fn(&Promises) -> bool) -> Option<SaveId> {
        if covers(&self.durable) {
            return None;
        }
        match &self.chain {
            Some(chain) if covers(&chain.promises) => Some(chain.save),
            _ => Some(self.want()),
        }
    }

    /// The newest save that was asked for and is not safe; `None` if all is.
    pub fn outstanding(&self) -> Option<SaveId> {
        match self.wanted {
            true => Some(self.next),
            false => self.chain.as_ref().filter(|c| c.done < c.durable).map(|c| c.save),
        }
    }
}
