//! What control has besides what every machine has.

use super::Action;
use crate::config::Settings;
use crate::mail::{Done, WorkerIdx};
use cluster::{Cluster, SaveId};
use std::collections::VecDeque;
use store::ExclusiveAccess;

/// An answer that waits for something.
pub struct Held {
    /// Whose client it is.
    pub worker: WorkerIdx,
    /// The answer.
    pub done: Done,
    /// The permit that stays with it.
    pub exclusive: Option<ExclusiveAccess>,
}

/// Control's own state, as the commands that control runs see it.
pub struct State {
    /// The cluster, if the node is part of one.
    pub cluster: Option<Cluster>,
    /// What the outside is to do.
    pub actions: VecDeque<Action>,
    /// The command that runs wants its answer to wait for the action that it asked for.
    pub awaits_action: bool,
    /// The command that runs reports a failed save as its own failure.
    pub reports_save: bool,
    /// The answer that waits for the action in flight, and what to undo if it fails.
    pub(super) acting: Option<(Held, Option<Settings>)>,
    /// Answers that wait for the cluster's configuration to be on disk.
    pub(super) saving: VecDeque<(SaveId, Held, bool)>,
    /// What to go back to if the action asked for fails.
    pub(super) undo: Option<Settings>,
    /// A shutdown is on its way.
    pub(super) exit: Option<super::shutdown::Exit>,
}

impl State {
    /// The state at the start.
    pub fn new(cluster: Option<Cluster>) -> State {
        State {
            cluster,
            actions: VecDeque::new(),
            awaits_action: false,
            reports_save: false,
            acting: None,
            undo: None,
            saving: VecDeque::new(),
            exit: None,
        }
    }
}
