//! What keeps the node saving until it is killed.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::client::{Client, Reply};
use crate::fake::{Fake, Line};
use crate::rng::Rng;

/// Time for a vote to come.
const VOTE_TIME: Duration = Duration::from_millis(5);
/// Slots that come and go. Slot 0 stays: only who has slots votes.
const SLOTS: RangeInclusive<u16> = 1..=400;

/// What the node has confirmed to clients.
#[derive(Default)]
pub(super) struct State {
    /// The greatest own epoch that BUMPEPOCH answered.
    pub bumped: u64,
    /// Its slots.
    pub slots: BTreeSet<u16>,
    /// Asked for and not confirmed: it may be done or not.
    pub pending: Option<u16>,
    /// How many slots came or went.
    pub changes: u64,
}

/// Keeps a node busy with what it must remember.
pub(super) struct Worker<'t> {
    pub port: u16,
    pub primary: &'t Fake,
    pub replica: &'t Fake,
    pub votes: bool,
    pub rng: Rng,
    pub state: &'t mut State,
}

impl Worker<'_> {
    /// Works until the node is gone; an error if it goes before it is killed.
    pub fn run(&mut self, killed: &AtomicBool) -> Result<()> {
        match self.work(killed) {
            Err(_) if killed.load(Ordering::SeqCst) => Ok(()),
            other => other.context("before it was killed"),
        }
    }

    fn work(&mut self, killed: &AtomicBool) -> Result<()> {
        let mut client = Client::connect(self.port)?;
        let mut primary = self.primary.dial(self.port)?;
        let mut replica = self.replica.dial(self.port)?;
        while !killed.load(Ordering::SeqCst) {
            match self.rng.below(if self.votes { 6 } else { 3 }) {
                0 => self.raise(&mut primary)?,
                1 => self.bump(&mut client)?,
                2 => self.change_slots(&mut client)?,
                _ => self.ask_for_vote(&mut replica)?,
            }
        }
        Ok(())
    }

    /// The cluster's greatest epoch, as far as anybody here knows.
    fn greatest(&self) -> u64 {
        let heard = [self.primary.heard().current_epoch, self.replica.heard().current_epoch];
        let said = [self.primary.header().current_epoch, self.replica.header().current_epoch];
        heard.into_iter().chain(said).chain([self.state.bumped]).max().unwrap_or_default()
    }

    /// The other primary takes a new epoch.
    fn raise(&mut self, line: &mut Line) -> Result<()> {
        let next = self.greatest() + 1;
        for fake in [self.primary, self.replica] {
            let mut header = fake.header();
            (header.current_epoch, header.config_epoch) = (next, next);
        }
        line.ping()
    }

    fn bump(&mut self, client: &mut Client) -> Result<()> {
        let answer = client.call(&["CLUSTER", "BUMPEPOCH"])?;
        let words: Vec<&str> = answer.text()?.split(' ').collect();
        let ["BUMPED" | "STILL", epoch] = words[..] else { bail!("BUMPEPOCH answered {answer}") };
        let epoch = epoch.parse()?;
        ensure!(epoch >= self.state.bumped, "BUMPEPOCH answered {answer} after {}", self.state.bumped);
        self.state.bumped = epoch;
        Ok(())
    }

    fn change_slots(&mut self, client: &mut Client) -> Result<()> {
        let slot = SLOTS.start() + u16::try_from(self.rng.below(SLOTS.len() as u64))?;
        let has = self.state.slots.contains(&slot);
        let verb = if has { "DELSLOTS" } else { "ADDSLOTS" };
        self.state.pending = Some(slot);
        let answer = client.call(&["CLUSTER", verb, &slot.to_string()])?;
        ensure!(answer == Reply::Simple("OK".into()), "{verb} {slot} answered {answer}");
        self.state.pending = None;
        self.state.changes += 1;
        if has {
            self.state.slots.remove(&slot)
        } else {
            self.state.slots.insert(slot)
        };
        Ok(())
    }

    /// The other primary's replica stands for election.
    fn ask_for_vote(&mut self, line: &mut Line) -> Result<()> {
        let next = self.greatest() + 1;
        self.replica.header().current_epoch = next;
        line.request_vote()?;
        thread::sleep(VOTE_TIME);
        Ok(())
    }
}
