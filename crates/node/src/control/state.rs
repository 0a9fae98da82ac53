//! What control has besides what every machine has.

use super::meetings::Resolving;
use super::{Action, ActionId};
use crate::config::Settings;
use crate::mail::{Done, WorkerIdx};
use cluster::{Cluster, MeetId, SaveId};
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

/// An answer that waits for actions of the outside.
pub struct Acting {
    /// The answer.
    pub held: Held,
    /// The actions that have not ended. SHUTDOWN waits for the end of the process, which has no id.
    pub awaits: Vec<ActionId>,
    /// What to go back to if one of them fails.
    pub undo: Option<Settings>,
    /// What the first that failed said.
    pub error: Option<String>,
}

/// What the outside knows and the cluster machine wants to know, beside the configuration.
#[derive(Default)]
pub(super) struct BusSide {
    /// Addresses of the host names in `cluster-bus-allow`.
    pub addresses: Vec<std::net::IpAddr>,
    /// Connections that others may have to the bus port.
    pub accepted_links_max: Option<usize>,
}

impl BusSide {
    /// With what is known here.
    pub fn fill(&self, mut settings: cluster::Settings) -> cluster::Settings {
        settings.bus_allow.resolve(&self.addresses);
        settings.accepted_links_max = self.accepted_links_max.unwrap_or(settings.accepted_links_max);
        settings
    }
}

/// Control's own state, as the commands that control runs see it.
pub struct State {
    /// The cluster, if the node is part of one.
    pub cluster: Option<Cluster>,
    /// What it is told beside the configuration.
    pub(super) bus: BusSide,
    /// What the outside is to do.
    pub actions: VecDeque<Action>,
    /// The command that runs is answered by the end of the process.
    pub awaits_exit: bool,
    /// Actions that the answer of the command that runs waits for.
    pub(super) awaits: Vec<ActionId>,
    next_action: u64,
    /// The command that runs reports a failed save as its own failure.
    pub reports_save: bool,
    /// Answers that wait for actions in flight.
    pub(super) acting: Vec<Acting>,
    /// Answers that wait for the cluster's configuration to be on disk.
    pub(super) saving: VecDeque<(SaveId, Held, bool)>,
    /// CLUSTER MEETs whose clients wait for their end.
    pub(super) meetings: Vec<(MeetId, ActionId)>,
    /// CLUSTER MEETs of hosts whose addresses are being found.
    pub(super) resolving: Vec<Resolving>,
    /// Host names that nodes announce as their addresses, being resolved.
    pub(super) naming: Vec<(ActionId, String)>,
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
            bus: BusSide::default(),
            actions: VecDeque::new(),
            awaits_exit: false,
            awaits: Vec::new(),
            next_action: 0,
            reports_save: false,
            acting: Vec::new(),
            undo: None,
            saving: VecDeque::new(),
            meetings: Vec::new(),
            resolving: Vec::new(),
            naming: Vec::new(),
            exit: None,
        }
    }

    /// Asks the outside for an action. The answer of the command that runs waits for its end.
    pub fn act(&mut self, make: impl FnOnce(ActionId) -> Action) {
        let id = self.ask(make);
        self.awaits.push(id);
    }

    /// The answer of the command that runs waits for the end of this MEET.
    pub fn await_meeting(&mut self, meet: MeetId) {
        let id = self.name_action();
        self.meetings.push((meet, id));
        self.awaits.push(id);
    }

    pub(super) fn name_action(&mut self) -> ActionId {
        let id = ActionId(self.next_action);
        self.next_action += 1;
        id
    }

    /// Asks the outside for an action that nobody waits for.
    pub(super) fn ask(&mut self, make: impl FnOnce(ActionId) -> Action) -> ActionId {
        let id = self.name_action();
        self.actions.push_back(make(id));
        id
    }
}
