//! A host: a disk, a clock, an address, and a node while it runs.

use crate::clock::Clock;
use crate::disk::Disk;
use crate::seat::{Machine, Seat};
use crate::settings::settings;
use base::{Epoch, NodeId, Now};
use cluster::wire;
use node::control::Control;
use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr};

/// What a node has told others, and must not take back.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Told {
    /// Its name.
    pub id: Option<NodeId>,
    /// The greatest current epoch.
    pub current_epoch: Epoch,
    /// The greatest configuration epoch that it claimed for itself.
    pub config_epoch: Epoch,
    /// The last epoch in which it voted.
    pub vote: Epoch,
}

/// Whether a planned step is earlier than what was planned.
pub enum Due {
    /// It is.
    Earlier,
    /// It is not.
    Later,
}

/// One host.
pub struct Host {
    /// Its address.
    pub ip: IpAddr,
    /// redis.conf.
    pub directives: Vec<String>,
    /// Its clocks.
    pub clock: Clock,
    /// Its disk.
    pub disk: Disk,
    /// The node, while it runs.
    pub seat: Option<Seat>,
    /// Counts the node's lives: what was meant for one does not reach the next.
    pub life: u64,
    /// It stands still until then.
    pub frozen_until: Option<u64>,
    /// What its node said on the bus.
    pub told: Told,
    /// When the node last started.
    pub started_us: u64,
    /// Bus connections that it accepted.
    pub accepted: u64,
    /// When it last came out of a freeze.
    pub thawed_us: u64,
    /// What control is told when the host goes on.
    pub inbox: VecDeque<Tell>,
    due: BTreeMap<Machine, u64>,
}

/// Something that control is told.
pub type Tell = Box<dyn FnOnce(&mut Control, Now)>;

/// Where every node's bus listens.
pub const BUS_PORT: u16 = 16379;

impl Host {
    /// The `n`th host; nothing runs there.
    pub fn new(n: usize, directives: Vec<String>, clock: Clock) -> Host {
        Host {
            ip: IpAddr::V4(Ipv4Addr::new(10, 0, (n / 250) as u8, (n % 250) as u8 + 1)),
            directives,
            clock,
            disk: Disk::default(),
            seat: None,
            life: 0,
            frozen_until: None,
            told: Told::default(),
            started_us: 0,
            accepted: 0,
            thawed_us: 0,
            inbox: VecDeque::new(),
            due: BTreeMap::new(),
        }
    }

    /// Starts the node.
    pub fn start(&mut self, seed: u64, now_us: u64) -> Result<(), String> {
        assert!(self.seat.is_none(), "it runs already");
        let now = self.clock.at(now_us);
        let seat = Seat::start(settings(&self.directives), self.disk.cluster_files(), None, seed, now)?;
        self.seat = Some(seat);
        self.life += 1;
        self.started_us = now_us;
        Ok(())
    }

    /// Ends the node; false if none ran.
    pub fn stop(&mut self) -> bool {
        self.life += 1;
        self.frozen_until = None;
        self.due.clear();
        self.inbox.clear();
        self.seat.take().is_some()
    }

    /// Whether a node runs and is not frozen.
    pub fn is_alive(&self) -> bool {
        self.seat.is_some() && self.frozen_until.is_none()
    }

    /// The node and what its clocks show.
    pub fn seat_at(&mut self, now_us: u64) -> Option<(&mut Seat, Now)> {
        let now = self.clock.at(now_us);
        self.seat.as_mut().map(|seat| (seat, now))
    }

    /// Plans a machine's next step.
    pub fn plan(&mut self, machine: Machine, at: u64) -> Due {
        match self.due.get(&machine) {
            Some(planned) if *planned <= at => Due::Later,
            _ => {
                self.due.insert(machine, at);
                Due::Earlier
            }
        }
    }

    /// Takes a planned step out; false if it was planned for another time.
    pub fn take_due(&mut self, machine: Machine, now_us: u64) -> bool {
        if self.due.get(&machine) != Some(&now_us) {
            return false;
        }
        self.due.remove(&machine);
        true
    }

    /// Forgets planned steps: the host stood still.
    pub fn forget_due(&mut self) {
        self.due.clear();
    }

    /// Notes what a packet promises.
    pub fn told(&mut self, bytes: &[u8]) {
        if let Ok(wire::Message::Full(packet)) = wire::decode(bytes) {
            let (header, told) = (&packet.header, &mut self.told);
            told.id = Some(header.sender);
            told.current_epoch = told.current_epoch.max(header.current_epoch);
            if header.replicaof.is_none() {
                told.config_epoch = told.config_epoch.max(header.config_epoch);
            }
            if matches!(packet.body, wire::Body::AuthAck) {
                told.vote = told.vote.max(header.current_epoch);
            }
        }
    }
}
