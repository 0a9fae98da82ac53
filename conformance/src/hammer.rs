//! Mutated bus packets, ten million by default, against a live cluster of three: no server may die, grow, stick, or write a
//! file that it cannot start from, and the cluster must be whole again.
//!
//! There are three kinds of rounds, by what a sender may bring about by the protocol's own rules:
//!
//! * A *passer-by* knows no node and never says MEET. After it the cluster must be as it was, with nothing done to help it.
//! * A *newcomer* says MEET too. A MEET adds nodes, as it does in Valkey, so the operator forgets those.
//! * An *insider* speaks in the names of the nodes themselves. In Redis and Valkey it may take slots, fail nodes, make them
//!   forget each other and raise epochs, and so it may here by default. Afterwards the operator introduces the three to each
//!   other and gives the slots back, by commands. Epochs stay as high as they got.

mod gun;
mod packets;
mod repair;
mod watch;

use std::fmt;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::fake::{BUS_OFFSET, Fake, Header};
use crate::mesh::{Mesh, wait};
use crate::node::Kind;
use crate::rng::Rng;
use gun::{Gun, Shots};
use packets::{Magazine, Manners};
use repair::Repair;
use watch::Watch;

/// Packets of a round.
const ROUND: u64 = 200_000;
/// Threads that send.
const GUNS: u64 = 3;
const SERVERS: usize = 3;
const MEETING_TIME_MAX: Duration = Duration::from_secs(20);
/// Time in which a cluster recovers alone from what changes nothing; handshakes take a node timeout to expire.
const RECOVERY_TIME_MAX: Duration = Duration::from_secs(40);
/// How long a pretended node listens to what ours say, for packets of our own.
const LISTENING: Duration = Duration::from_secs(4);

/// What is to be done.
pub struct Plan {
    /// Packets to send.
    pub packets: u64,
    /// Of all that is random but the timing.
    pub seed: u64,
    /// The first server's client port.
    pub port: u16,
}

/// What was done.
#[derive(Debug, Default)]
pub struct Report {
    /// Packets handed to the servers' sockets.
    pub sent: u64,
    /// Messages that the servers counted as received, their own among them.
    pub received: u64,
    shots: Shots,
    rounds: u32,
    restarts: u32,
    commands: u64,
    templates: usize,
    growth: String,
    seconds: f32,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { sent, received, shots, rounds, restarts, commands, templates, growth, seconds } = self;
        write!(
            f,
            "{sent} packets made of {templates} recorded ones sent in {rounds} rounds and {seconds:.0} s over {} connections, {} of \
             which a server closed; the servers counted {received} messages. {restarts} times a server was killed and came \
             back; {commands} commands made the cluster whole after insiders. Resident memory: {growth}",
            shots.connections, shots.closed
        )
    }
}

/// Runs it with the binary of [`crate::node::handfast`], best built with AddressSanitizer. An error is a fault found.
pub fn run(plan: &Plan) -> Result<Report> {
    let start = Instant::now();
    let mesh = Mesh::start_with(&[Kind::Handfast; SERVERS], plan.port, &["--cluster-blacklist-ttl", "1"])?;
    mesh.meet(0, 1)?;
    mesh.meet(1, 2)?;
    mesh.wait_for_agreement(MEETING_TIME_MAX)?;
    mesh.share_slots()?;
    mesh.wait_for_state("ok", None, MEETING_TIME_MAX)?;
    let recorded = record(&mesh, plan.port + SERVERS as u16)?;
    let magazine = Magazine::load(recorded, &mesh)?;
    let mut hammer = Hammer {
        watch: Watch::start(&mesh)?,
        repair: Repair::new(&mesh)?,
        mesh,
        magazine,
        rng: Rng::new(plan.seed),
        report: Report::default(),
    };
    hammer.report.templates = hammer.magazine.len();
    let rounds = plan.packets.div_ceil(ROUND).max(1);
    for round in 0..rounds {
        let packets = ROUND.min(plan.packets - hammer.report.sent.min(plan.packets));
        let done = hammer.round(round, packets);
        done.with_context(|| format!("round {round} of seed {}; {}", plan.seed, watch::logs(&hammer.mesh)))?;
        println!("{:6.0} s  {}", start.elapsed().as_secs_f32(), hammer.report.line(&hammer.watch));
    }
    hammer.end()?;
    hammer.report.seconds = start.elapsed().as_secs_f32();
    Ok(hammer.report)
}

impl Report {
    fn line(&self, watch: &Watch) -> String {
        format!("{} sent, {} received, resident {}", self.sent, self.received, watch.shown())
    }
}

struct Hammer {
    mesh: Mesh,
    magazine: Magazine,
    watch: Watch,
    repair: Repair,
    rng: Rng,
    report: Report,
}

impl Hammer {
    fn round(&mut self, round: u64, packets: u64) -> Result<()> {
        let manners =
            [Manners::PasserBy, Manners::Insider, Manners::Newcomer, Manners::Insider][round as usize % 4];
        let shots = self.fire(manners, packets)?;
        self.watch.alive(&mut self.mesh)?;
        self.report.shots.add(&shots);
        self.report.sent += shots.packets;
        self.report.received += self.watch.received(&self.mesh)?;
        if manners == Manners::PasserBy {
            self.repair.unharmed(&self.mesh, RECOVERY_TIME_MAX).context("after passers-by, without help")?;
        } else {
            // One server's life spans all rounds, so that growth shows.
            let victim = round as usize % (SERVERS - 1);
            self.mesh.nodes[victim].kill()?;
            self.mesh.nodes[victim].restart().context("after a kill")?;
            self.watch.restarted(&self.mesh, victim)?;
            self.report.restarts += 1;
            self.report.commands +=
                self.repair.make_whole(&self.mesh).with_context(|| format!("after {manners:?}s"))?;
        }
        self.report.rounds += 1;
        self.watch.measure(&self.mesh, self.report.rounds)
    }

    fn fire(&mut self, manners: Manners, packets: u64) -> Result<Shots> {
        let ports: Vec<u16> = self.mesh.nodes.iter().map(|node| node.port + BUS_OFFSET).collect();
        let magazine = &self.magazine;
        let mut guns: Vec<Gun<'_>> =
            (0..GUNS).map(|_| Gun::new(magazine, &ports, manners, self.rng.fork())).collect();
        let share = packets.div_ceil(GUNS);
        thread::scope(|scope| {
            let firing: Vec<_> = guns.iter_mut().map(|gun| scope.spawn(move || gun.fire(share))).collect();
            let mut all = Shots::default();
            for thread in firing {
                match thread.join() {
                    Ok(shots) => all.add(&shots?),
                    Err(_) => bail!("a thread of the hammer panicked"),
                }
            }
            Ok(all)
        })
    }

    /// Every server starts from what it saved, and ends well: then the sanitizer has nothing to say of leaks either.
    fn end(&mut self) -> Result<()> {
        self.report.growth = self.watch.shown();
        for node in &mut self.mesh.nodes {
            node.terminate().context("at the end")?;
            node.restart().context("at the end")?;
            self.report.restarts += 1;
        }
        self.repair.unharmed(&self.mesh, RECOVERY_TIME_MAX).context("after all were restarted")?;
        for node in &mut self.mesh.nodes {
            node.terminate().context("at the very end")?;
        }
        self.watch.complaints(&self.mesh)
    }
}

/// Packets that our servers send to a node of their cluster.
fn record(mesh: &Mesh, port: u16) -> Result<Vec<Vec<u8>>> {
    // Claims by the least epoch there is: it gets no slot, and is told who has them.
    let (name, slots) = ("5".repeat(40), 0..=16_383);
    let header = Header { name, port, current_epoch: 0, config_epoch: 0, slots, primary: None };
    let fake = Fake::start(header)?;
    for node in &mesh.nodes {
        let mut line = fake.dial(node.port)?;
        line.meet()?;
        line.ping()?;
    }
    thread::sleep(LISTENING);
    let packets = fake.recorded();
    let name = fake.header().name.clone();
    drop(fake);
    ensure!(!packets.is_empty(), "the servers sent nothing");
    wait(RECOVERY_TIME_MAX, "forgetting", || {
        for (n, node) in mesh.nodes.iter().enumerate() {
            if mesh.rows(n)?.iter().any(|row| row.id == name) {
                node.call(&["CLUSTER", "FORGET", &name])?;
                bail!("{node} knew the pretended node");
            }
        }
        Ok(())
    })?;
    let whole = mesh.wait_for_state("ok", None, MEETING_TIME_MAX);
    whole.with_context(|| repair::tables(mesh))?;
    Ok(packets)
}
