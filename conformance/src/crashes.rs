//! kill -9, again and again, while a node writes its cluster configuration: it must come back as itself, with every slot it confirmed,
//! and with no epoch and no vote older than any it told.

mod worker;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::client::{Client, Reply};
use crate::fake::{Fake, Header};
use crate::mesh::wait;
use crate::node::{Kind, Node};
use crate::rng::Rng;
use worker::{State, Worker};

/// Longest life of a node under work. A save takes from one to some tens of milliseconds.
const LIFE_US_MAX: u64 = 60_000;
/// One life in so many is killed while the node still starts.
const EARLY_DEATH_EVERY: u64 = 8;
/// One life in so many is long enough for the node to vote.
const VOTING_LIFE_EVERY: u64 = 16;
/// A node gives no votes right after its start.
const NO_VOTES: Duration = Duration::from_millis(2100);
/// Lines of a node's log to show when it fails.
const LOG_LINES: usize = 30;
const MEETING_TIME_MAX: Duration = Duration::from_secs(10);

/// What is to be done.
pub struct Plan {
    /// How often to kill.
    pub kills: u32,
    /// Of everything random but the machine's own timing.
    pub seed: u64,
    /// The node's; the fakes have the next two. Bus ports are above.
    pub port: u16,
}

/// What was done.
#[derive(Debug, Default)]
pub struct Report {
    kills: u32,
    epoch: u64,
    votes: usize,
    changes: u64,
    unconfirmed: u32,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { kills, epoch, votes, changes, unconfirmed } = self;
        write!(
            f,
            "{kills} kills, the last epoch {epoch}, {votes} votes, {changes} slot changes confirmed; {unconfirmed} times an \
             unconfirmed one was found done"
        )
    }
}

/// Runs it.
pub fn run(plan: &Plan) -> Result<Report> {
    let mut rng = Rng::new(plan.seed);
    let mut trial = Trial::start(plan.port).context("before the first kill")?;
    for life in 1..=plan.kills {
        trial.live(&mut rng).with_context(|| {
            format!("kill {life} of seed {}, after it logged:\n{}", plan.seed, tail(&trial.node.log()))
        })?;
        trial.report.kills = life;
    }
    Ok(trial.report)
}

struct Trial {
    node: Node,
    id: String,
    primary: Fake,
    replica: Fake,
    state: State,
    report: Report,
}

impl Trial {
    fn start(port: u16) -> Result<Trial> {
        let node = Node::start(Kind::Handfast, port, &["--cluster-enabled", "yes"])?;
        let id = node.call(&["CLUSTER", "MYID"])?.text()?.to_owned();
        node.ok(&["CLUSTER", "ADDSLOTS", "0"])?;
        // The greater name: of two equal epochs it is the node that has to take a new one.
        let name = "f".repeat(40);
        let header = Header {
            name: name.clone(),
            port: port + 1,
            current_epoch: 1,
            config_epoch: 1,
            slots: 10_000..=16_383,
            primary: None,
        };
        let of_replica =
            Header { name: "e".repeat(40), port: port + 2, primary: Some(name), ..header.clone() };
        let (primary, replica) = (Fake::start(header)?, Fake::start(of_replica)?);
        for fake in [&primary, &replica] {
            fake.dial(port)?.meet()?;
            let name = fake.header().name.clone();
            wait(MEETING_TIME_MAX, "meeting", || {
                let nodes = node.call(&["CLUSTER", "NODES"])?;
                ensure!(nodes.text()?.contains(&name), "{nodes}");
                Ok(())
            })?;
        }
        let state = State { slots: BTreeSet::from([0]), ..State::default() };
        Ok(Trial { node, id, primary, replica, state, report: Report::default() })
    }

    /// From one start to the next.
    fn live(&mut self, rng: &mut Rng) -> Result<()> {
        self.hush(false);
        let votes = rng.below(VOTING_LIFE_EVERY) == 0;
        if votes {
            thread::sleep(NO_VOTES);
        }
        let span = Duration::from_micros(rng.below(LIFE_US_MAX));
        let mut worker = Worker {
            port: self.node.port,
            primary: &self.primary,
            replica: &self.replica,
            votes,
            rng: rng.fork(),
            state: &mut self.state,
        };
        let killed = AtomicBool::new(false);
        thread::scope(|scope| {
            let work = scope.spawn(|| worker.run(&killed));
            thread::sleep(span);
            killed.store(true, Ordering::SeqCst);
            let died = self.node.kill();
            let worked = work.join().unwrap_or_else(|_| bail!("the worker panicked"));
            died.and(worked)
        })?;
        // What the node hears after its start must not repair what it forgot, before it was looked at.
        self.hush(true);
        self.primary.drain()?;
        self.replica.drain()?;
        while rng.below(EARLY_DEATH_EVERY) == 0 {
            self.node.spawn()?;
            thread::sleep(Duration::from_micros(rng.below(LIFE_US_MAX / 2)));
            self.node.kill()?;
        }
        self.node.restart()?;
        self.check()
    }

    fn hush(&self, silent: bool) {
        self.primary.set_silent(silent);
        self.replica.set_silent(silent);
    }

    fn check(&mut self) -> Result<()> {
        let mut client = Client::connect(self.node.port)?;
        let id = client.call(&["CLUSTER", "MYID"])?;
        ensure!(id.text()? == self.id, "{} came back as {id}", self.id);
        let info = client.call(&["CLUSTER", "INFO"])?;
        let epoch = |name| field(info.text()?, name);
        let (current, mine) = (epoch("cluster_current_epoch")?, epoch("cluster_my_epoch")?);
        let (to_primary, to_replica) = (self.primary.heard(), self.replica.heard());
        let told = to_primary.current_epoch.max(to_replica.current_epoch).max(self.state.bumped);
        ensure!(current >= told, "it told the current epoch {told}, and has {current}");
        let told = to_primary.config_epoch.max(to_replica.config_epoch).max(self.state.bumped);
        ensure!(mine >= told, "it told its own epoch {told}, and has {mine}");
        ensure!(client.call(&["CLUSTER", "SAVECONFIG"])? == Reply::Simple("OK".into()));
        let saved = self.node.file("nodes.conf")?;
        let voted = last_vote(&saved).with_context(|| format!("no vote in:\n{saved}"))?;
        let told = to_replica.votes.last().copied().unwrap_or_default();
        ensure!(voted >= told, "it voted in epoch {told}, and remembers {voted}");
        self.check_slots(&saved)?;
        (self.report.epoch, self.report.votes) = (current, to_replica.votes.len());
        self.report.changes = self.state.changes;
        Ok(())
    }

    fn check_slots(&mut self, saved: &str) -> Result<()> {
        let has = own_slots(saved, &self.id)?;
        let mut other = self.state.slots.clone();
        if let Some(slot) = self.state.pending.take()
            && !other.insert(slot)
        {
            other.remove(&slot);
        }
        if has != self.state.slots {
            ensure!(has == other, "it confirmed the slots {:?} and has {has:?}", self.state.slots);
            self.report.unconfirmed += 1;
        }
        self.state.slots = has;
        Ok(())
    }
}

fn field(info: &str, name: &str) -> Result<u64> {
    let value = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    Ok(value.with_context(|| format!("no {name} in:\n{info}"))?.trim_end().parse()?)
}

/// The last lines of a log.
fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(LOG_LINES)..].join("\n")
}

/// Of nodes.conf.
fn last_vote(saved: &str) -> Option<u64> {
    let vars = saved.lines().find_map(|line| line.strip_prefix("vars "))?;
    let words: Vec<&str> = vars.split(' ').collect();
    let at = words.iter().position(|word| *word == "lastVoteEpoch")?;
    words.get(at + 1)?.parse().ok()
}

/// The slots of a line of nodes.conf.
fn own_slots(saved: &str, id: &str) -> Result<BTreeSet<u16>> {
    let line = saved.lines().find(|line| line.starts_with(id)).context("no line of its own")?;
    let mut slots = BTreeSet::new();
    for range in line.split(' ').skip(8) {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        slots.extend(first.parse::<u16>()?..=last.parse()?);
    }
    Ok(slots)
}
