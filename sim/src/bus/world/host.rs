//! A host: an address, clocks, a disk, and a process while one runs.

use super::Event;
use super::links::HostLinks;
use super::packet::Shown;
use super::seat::Seat;
use crate::bus::peer;
use crate::clock::Clock;
use crate::disk::Disk;
use base::Now;
use cluster::Settings;
use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};

/// Client port and bus port of every node.
pub const PORT: u16 = 7000;
/// Where every node's bus listens.
pub const BUS_PORT: u16 = 17000;

/// Whose program a host runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Family {
    /// This project's.
    Ours,
    /// Redis 7.0.
    Redis7,
    /// Redis 8.
    Redis8,
    /// Valkey 9.
    Valkey9,
}

/// What the disk keeps of our machine's files.
pub enum Files {
    /// All of it, as a disk does.
    Kept(Disk),
    /// Nothing: for crowds that never restart, whose files would fill the memory.
    Dropped,
}

/// One host.
pub struct Host {
    /// Its address.
    pub ip: IpAddr,
    /// Its program.
    pub family: Family,
    /// The configuration of the process.
    pub settings: Settings,
    /// Its clocks.
    pub clock: Clock,
    /// The files of our machine.
    pub files: Files,
    /// What a model remembers.
    pub memory: Option<peer::Saved>,
    /// The process.
    pub seat: Option<Seat>,
    /// Counts processes: what was meant for one does not reach the next.
    pub life: u32,
    /// The process stands still until then.
    pub frozen_until: Option<u64>,
    /// Nobody answers at its address, not even to refuse.
    pub dark: bool,
    pub(super) links: HostLinks,
    pub(super) shown: Shown,
    /// When the process is called next.
    pub(super) due: Option<u64>,
    /// What waits for the process to go on.
    pub(super) inbox: VecDeque<Event>,
}

impl Host {
    /// The `n`th host; nothing runs there.
    pub fn new(n: usize, family: Family, timeout_ms: u64, clock: Clock) -> Host {
        let settings = Settings {
            node_timeout_ms: timeout_ms,
            port: PORT,
            bus_port: BUS_PORT,
            // The trace has them: thousands of nodes need not keep them as well.
            records_max: 0,
            tells_records: true,
            ..Settings::default()
        };
        Host {
            ip: address(n as u32),
            family,
            settings,
            clock,
            files: Files::Kept(Disk::default()),
            memory: None,
            seat: None,
            life: 0,
            frozen_until: None,
            dark: false,
            links: HostLinks::default(),
            shown: Shown::default(),
            due: None,
            inbox: VecDeque::new(),
        }
    }

    /// Whether a process runs.
    pub fn runs(&self) -> bool {
        self.seat.is_some()
    }

    /// What its clocks show.
    pub fn now(&self, world_us: u64) -> Now {
        self.clock.at(world_us)
    }
}

/// The `n`th address of the world.
pub fn address(n: u32) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from(0x0A00_0001 + n / 250 * 256 + n % 250))
}
