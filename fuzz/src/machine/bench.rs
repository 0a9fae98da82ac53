//! The node under test with its links, its disk and its clock; and what must hold of it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use base::{Mono, NodeId, Now, Rng};
use cluster::view::Audience;
use cluster::wire::{Body, HEADER_LEN, Message, decode};
use cluster::{Cluster, Event, FileStep, LinkAction, LinkId, LoadedFiles, NODES_MAX, OpId, Settings, Verify};

use crate::packets::Cast;

#[path = "../../../crates/cluster/tests/world/disk.rs"]
#[allow(dead_code, missing_docs, reason = "a test's own module")]
mod disk;

use disk::Disk;

/// What the machine may ask for in one call: far more than it does, far less than for ever.
const POLLS_MAX: usize = 200_000;
/// Longest packet that a small cluster gives reason to send, in bytes.
const SENT_MAX: usize = 64 << 10;
/// Longest log line, in bytes.
const LOG_MAX: usize = 8 << 10;

/// Letters of the names of the four nodes; the first is the one under test.
const NAMES: [u8; 4] = *b"keqz";

/// See the module.
pub(crate) struct Bench {
    pub machine: Cluster,
    pub now: Now,
    pub cast: Cast,
    /// Links that both ends know to be there.
    pub up: Vec<LinkId>,
    /// Asked for, and not answered.
    pub dialled: Vec<LinkId>,
    pub settings: Settings,
    pub rng: Rng,
    accepted: u64,
    lives: u64,
    disk: Disk,
    /// Handed out, and not answered.
    pub running: Option<(OpId, FileStep)>,
    /// File steps are answered as they come.
    pub prompt: bool,
    pub exited: bool,
    told: Told,
}

/// What other nodes heard, which no crash may take back.
#[derive(Default)]
struct Told {
    /// The greatest of any packet.
    epoch: u64,
    /// The cluster's, of the last packet; it only grows.
    current: u64,
    votes: BTreeSet<u64>,
}

impl Bench {
    /// `choice`: what the operator configured.
    pub fn start(choice: u8) -> Bench {
        let mut disk = Disk::default();
        disk.write("nodes.conf", first_conf().into_bytes());
        let settings = Settings {
            node_timeout_ms: if choice & 1 == 0 { 2000 } else { 15000 },
            save_best_effort: choice & 2 != 0,
            link_sendbuf_limit: if choice & 4 != 0 { 4096 } else { 0 },
            announce_ip: if choice & 8 != 0 { "10.0.0.1".to_string() } else { String::new() },
            tls_cluster: choice & 16 != 0,
            announce_hostname: if choice & 32 != 0 { "a.example".to_string() } else { String::new() },
            require_full_coverage: choice & 64 != 0,
            bus_verify: if choice & 128 != 0 { Verify::Strict } else { Verify::Warn },
            ..Settings::default()
        };
        let now = Now { mono: Mono(1_000_000_000), unix_us: 1_700_000_000_000_000 };
        let machine = boot(&settings, &disk, now, 0);
        let ids = NAMES.iter().filter_map(|letter| NodeId::parse(&[*letter; 40])).collect();
        let mut bench = Bench {
            machine,
            now,
            cast: Cast { ids },
            up: Vec::new(),
            dialled: Vec::new(),
            settings,
            rng: Rng::new(u64::from(choice)),
            accepted: 0,
            lives: 0,
            disk,
            running: None,
            prompt: true,
            exited: false,
            told: Told::default(),
        };
        bench.drain();
        bench
    }

    /// A machine call, and all that follows from it.
    pub fn call<T>(&mut self, work: impl FnOnce(&mut Cluster, Now) -> T) -> T {
        let result = work(&mut self.machine, self.now);
        self.drain();
        result
    }

    pub fn accept(&mut self, host: u8) -> LinkId {
        let link = LinkId::accepted(self.accepted);
        self.accepted += 1;
        let ip = Ipv4Addr::new(10, 0, 0, host);
        let (peer, local) = (SocketAddr::from((ip, 40_000)), IpAddr::from([10, 0, 0, 1]));
        self.up.push(link);
        self.call(|m, now| m.handle_accepted(link, peer, local, now));
        link
    }

    pub fn connected(&mut self, link: LinkId) {
        self.dialled.retain(|l| *l != link);
        self.up.push(link);
        self.call(|m, now| m.handle_up(link, IpAddr::from([10, 0, 0, 1]), now));
    }

    pub fn broken(&mut self, link: LinkId) {
        self.dialled.retain(|l| *l != link);
        self.up.retain(|l| *l != link);
        self.call(|m, now| m.handle_down(link, now));
    }

    pub fn answer_file(&mut self, good: bool) {
        let Some((op, step)) = self.running.take() else { return };
        let result = if good { Ok(()) } else { Err("No space left on device".to_string()) };
        if good {
            self.disk.apply(&step);
        }
        self.call(|m, now| m.handle_file(op, result, now));
    }

    fn drain(&mut self) {
        for _ in 0..POLLS_MAX {
            if self.running.is_none()
                && let Some(op) = self.machine.poll_file()
            {
                self.running = Some((op.id, op.step));
                if self.prompt {
                    self.answer_at_once();
                }
            } else if let Some(action) = self.machine.poll_link() {
                self.link(action);
            } else if let Some(transmit) = self.machine.poll_transmit() {
                assert!(self.up.contains(&transmit.link), "bytes for a link that is not up");
                self.sent(&transmit.bytes);
            } else if let Some(event) = self.machine.poll_event() {
                self.event(event);
            } else {
                return;
            }
        }
        panic!("the machine asks for ever");
    }

    fn answer_at_once(&mut self) {
        if let Some((op, step)) = self.running.take() {
            self.disk.apply(&step);
            self.machine.handle_file(op, Ok(()), self.now);
        }
    }

    fn link(&mut self, action: LinkAction) {
        match action {
            LinkAction::Dial { link, .. } => {
                assert!(link.is_dialled() && !self.dialled.contains(&link) && !self.up.contains(&link));
                self.dialled.push(link);
            }
            LinkAction::Close(link) => {
                let known = self.up.len() + self.dialled.len();
                self.up.retain(|l| *l != link);
                self.dialled.retain(|l| *l != link);
                assert_eq!(self.up.len() + self.dialled.len(), known - 1, "closed what is not open");
            }
        }
    }

    fn sent(&mut self, bytes: &[u8]) {
        assert!(bytes.len() <= SENT_MAX, "{} bytes sent", bytes.len());
        let message = decode(bytes).unwrap_or_else(|why| panic!("sent a bad packet: {why}"));
        let Message::Full(packet) = message else { return };
        assert!(bytes.len() >= HEADER_LEN);
        let header = &packet.header;
        assert_eq!(header.sender, self.machine.my_id());
        assert!(header.current_epoch >= self.told.current, "told {} before", self.told.current);
        self.told.current = header.current_epoch;
        self.told.epoch = self.told.epoch.max(header.current_epoch).max(header.config_epoch);
        if packet.body == Body::AuthAck {
            assert!(self.told.votes.insert(header.current_epoch), "two votes in {}", header.current_epoch);
        }
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Log { text, .. } => {
                assert!(text.len() <= LOG_MAX && !text.contains(['\n', '\r', '\0']), "{text:?}");
            }
            Event::Exit => self.exited = true,
            _ => {}
        }
    }

    /// Whatever was said.
    pub fn check(&mut self) {
        #[cfg(debug_assertions)]
        self.machine.check_invariants();
        assert!(self.machine.known_nodes() <= NODES_MAX);
        if self.exited {
            self.restart(true);
        }
    }

    /// Every report that clients can ask for.
    pub fn inspect(&mut self) {
        let view = self.machine.view();
        view.check_invariants();
        for audience in [Audience::default(), Audience { tls: true, ipv6: true }] {
            assert_eq!(self.machine.nodes_text(audience).lines().count(), self.machine.known_nodes());
        }
        let _ = (self.machine.info_text(), self.machine.links(), self.machine.my_shard_id());
    }

    /// The process, or with it the machine, stops and starts again.
    pub fn restart(&mut self, power_cut: bool) {
        if power_cut {
            self.disk.crash(&mut self.rng);
        }
        let (id, best_effort) = (self.machine.my_id(), self.settings.save_best_effort);
        // Names are random: a life that repeated another's chances would take its names again.
        self.lives += 1;
        self.machine = boot(&self.settings, &self.disk, self.now, self.lives);
        self.up.clear();
        self.dialled.clear();
        self.running = None;
        self.exited = false;
        if id == self.machine.my_id() && !best_effort {
            let (current, _, voted) = self.machine.epochs();
            assert!(current >= self.told.epoch, "told {}, remembers {current}", self.told.epoch);
            assert!(self.told.votes.last().is_none_or(|vote| voted >= *vote), "forgot a vote");
        } else {
            self.told = Told::default();
        }
        self.drain();
    }

    /// A reset, after which nothing binds.
    pub fn forget_promises(&mut self) {
        self.told = Told::default();
    }

    pub fn finish(mut self) {
        self.inspect();
        self.prompt = true;
        let mut waiting: VecDeque<bool> = std::iter::repeat_n(true, 2 * usize::from(u8::MAX)).collect();
        while self.running.is_some() && waiting.pop_front().is_some() {
            self.answer_file(true);
        }
        self.check();
        let (id, epochs) = (self.machine.my_id(), self.machine.epochs());
        let saved = self.call(|m, now| m.save_config(now));
        assert!(self.machine.unsaved().is_none_or(|save| save > saved), "a prompt disk holds all");
        let slots = self.machine.view().owners.iter().filter(|owner| **owner != u16::MAX).count();
        self.restart(true);
        let (current, mine, voted) = self.machine.epochs();
        // A start takes the greatest epoch of any node for the cluster's.
        assert!(current >= epochs.0, "{current} after {}", epochs.0);
        assert_eq!((self.machine.my_id(), mine, voted), (id, epochs.1, epochs.2), "restarted as another");
        let again = self.machine.view().owners.iter().filter(|owner| **owner != u16::MAX).count();
        assert!(again <= slots, "slots from nowhere");
        self.inspect();
    }
}

fn boot(settings: &Settings, disk: &Disk, now: Now, life: u64) -> Cluster {
    let files = LoadedFiles {
        conf: disk.read("nodes.conf"),
        sums: disk.read("nodes.conf.sum"),
        previous: disk.read("nodes.conf.prev"),
    };
    let shown = files.conf.clone().unwrap_or_default();
    Cluster::start(settings.clone(), files, now, Rng::new(life))
        .unwrap_or_else(|why| panic!("does not start again: {why}\n{}", shown.escape_ascii()))
}

/// Two primaries besides the node under test, one of them with a replica. Few slots: whole ranges cost time and show no more.
fn first_conf() -> String {
    let names: BTreeMap<usize, String> =
        NAMES.iter().enumerate().map(|(i, letter)| (i, char::from(*letter).to_string().repeat(40))).collect();
    let line = |i: usize, flags: &str, primary: &str, epoch: u64, slots: &str| {
        let (name, host, port) = (&names[&i], i + 1, 7000 + i);
        format!(
            "{name} 10.0.0.{host}:{port}@{} {flags} {primary} 0 0 {epoch} connected {slots}\n",
            port + 10000
        )
    };
    let lines = [
        line(0, "myself,master", "-", 1, "0-99"),
        line(1, "master", "-", 2, "100-199"),
        line(2, "master", "-", 3, "200-299"),
        line(3, "slave", &names[&1], 2, ""),
    ];
    format!("{}vars currentEpoch 3 lastVoteEpoch 0\n", lines.concat())
}
