//! What an operator does after somebody spoke in the nodes' names, and how the cluster must look then.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::client::{Client, Reply};
use crate::fake::BUS_OFFSET;
use crate::mesh::{Mesh, Row, wait};

/// Longest that all of it may take.
const REPAIR_TIME_MAX: Duration = Duration::from_secs(180);
/// Time for what was said to go round.
const STEP: Duration = Duration::from_millis(300);

/// The cluster as it should be.
pub(super) struct Repair {
    ids: Vec<String>,
    slots: Vec<RangeInclusive<usize>>,
}

impl Repair {
    /// As it is.
    pub fn new(mesh: &Mesh) -> Result<Repair> {
        let ids = (0..mesh.nodes.len()).map(|node| mesh.id(node)).collect::<Result<_>>()?;
        let slots =
            (0..mesh.nodes.len()).map(|node| mesh.slots_of(node)).map(|(first, last)| first..=last).collect();
        Ok(Repair { ids, slots })
    }

    /// Waits, without doing anything, until the cluster is as it was.
    pub fn unharmed(&self, mesh: &Mesh, limit: Duration) -> Result<()> {
        wait(limit, "whole cluster", || self.check(mesh))
    }

    /// Every node knows just the others, is linked both ways with them, knows who has which slots, and serves.
    fn check(&self, mesh: &Mesh) -> Result<()> {
        for (n, node) in mesh.nodes.iter().enumerate() {
            ensure!(mesh.id(n)? == self.ids[n], "{node} has another name");
            let rows = mesh.rows(n)?;
            ensure!(rows.len() == self.ids.len(), "{node} knows {} nodes", rows.len());
            for row in &rows {
                let Some(who) = self.ids.iter().position(|id| *id == row.id) else {
                    bail!("{node} knows {row:?}")
                };
                let (port, range) = (mesh.nodes[who].port, &self.slots[who]);
                ensure!(row.connected && row.flags.iter().eq(["master"]), "{node} doubts {row:?}");
                ensure!(
                    row.address.starts_with(&format!("127.0.0.1:{port}@{}", port + BUS_OFFSET)),
                    "{node}: {row:?}"
                );
                ensure!(
                    row.slots == [format!("{}-{}", range.start(), range.end())],
                    "{node}: slots of {row:?}"
                );
            }
            self.linked(mesh, n)?;
            let info = node.call(&["CLUSTER", "INFO"])?;
            ensure!(info.text()?.contains("cluster_state:ok"), "{node}: {info}");
        }
        Ok(())
    }

    /// No link is missing in either direction.
    fn linked(&self, mesh: &Mesh, node: usize) -> Result<()> {
        let text = mesh.nodes[node].call(&["CLUSTER", "LINKS"])?.to_string();
        for (other, id) in self.ids.iter().enumerate().filter(|(other, _)| *other != node) {
            let links = text.matches(id.as_str()).count();
            ensure!(links == 2, "{} has {links} links with {}: {text}", mesh.nodes[node], mesh.nodes[other]);
        }
        Ok(())
    }

    /// Does what it takes, step by step; the number of commands.
    pub fn make_whole(&self, mesh: &Mesh) -> Result<u64> {
        let (start, mut commands) = (Instant::now(), 0);
        loop {
            let Err(why) = self.check(mesh) else { return Ok(commands) };
            if start.elapsed() > REPAIR_TIME_MAX {
                let tables = tables(mesh);
                return Err(why.context(format!(
                    "not whole after {REPAIR_TIME_MAX:?} and {commands} commands:\n{tables}"
                )));
            }
            for node in 0..mesh.nodes.len() {
                commands += self.introduce(mesh, node)?;
            }
            thread::sleep(STEP);
            for node in 0..mesh.nodes.len() {
                commands += self.take_slots_back(mesh, node)?;
            }
            thread::sleep(STEP);
        }
    }

    /// FORGET for strangers, MEET for the others where anything is wrong with them.
    fn introduce(&self, mesh: &Mesh, node: usize) -> Result<u64> {
        let rows = mesh.rows(node)?;
        let mut client = Client::connect(mesh.nodes[node].port)?;
        let mut commands = 0;
        for row in rows.iter().filter(|row| !self.ids.contains(&row.id) && !row.flags.contains("handshake")) {
            // Another node's FORGET may have come here first.
            client.call(&["CLUSTER", "FORGET", &row.id])?;
            commands += 1;
        }
        for (other, id) in self.ids.iter().enumerate().filter(|(other, _)| *other != node) {
            let port = mesh.nodes[other].port;
            let (address, range) = (format!("127.0.0.1:{port}@{}", port + BUS_OFFSET), &self.slots[other]);
            // A node whose epoch ran ahead is not listened to until an operator introduces it again.
            let fine = |row: &Row| {
                row.connected
                    && row.id == *id
                    && row.address.starts_with(&address)
                    && row.slots == [format!("{}-{}", range.start(), range.end())]
            };
            let linked = self.linked(mesh, node).is_ok();
            if !linked || !rows.iter().any(fine) {
                let reply = client.call(&["CLUSTER", "MEET", "127.0.0.1", &port.to_string()])?;
                ensure!(reply == Reply::Simple("OK".into()), "MEET answered {reply}");
                commands += 1;
            }
        }
        Ok(commands)
    }

    /// Gives up what others should have, drops wrong owners, and takes what it should have.
    fn take_slots_back(&self, mesh: &Mesh, node: usize) -> Result<u64> {
        let mut owners = vec![None; crate::mesh::SLOTS];
        for row in mesh.rows(node)? {
            for slot in slots(&row.slots)? {
                owners[slot] = Some(row.id.clone());
            }
        }
        let right =
            |slot: usize| self.slots.iter().position(|range| range.contains(&slot)).unwrap_or_default();
        let wrong: BTreeSet<usize> = (0..owners.len())
            .filter(|slot| owners[*slot].as_ref().is_some_and(|owner| *owner != self.ids[right(*slot)]))
            .collect();
        let mut client = Client::connect(mesh.nodes[node].port)?;
        let mut commands = change(&mut client, "DELSLOTSRANGE", &wrong)?;
        let mine = self.slots[node].clone();
        let missing: BTreeSet<usize> =
            mine.filter(|slot| owners[*slot].is_none() || wrong.contains(slot)).collect();
        commands += change(&mut client, "ADDSLOTSRANGE", &missing)?;
        if !missing.is_empty() {
            // Whoever claimed them by a greater epoch has to see that they moved.
            client.call(&["CLUSTER", "BUMPEPOCH"])?;
            commands += 1;
        }
        Ok(commands)
    }
}

/// CLUSTER NODES of each, for messages.
pub(super) fn tables(mesh: &Mesh) -> String {
    let table = |n: usize| match mesh.nodes[n].call(&["CLUSTER", "NODES"]) {
        Ok(reply) => reply.to_string(),
        Err(why) => format!("{why:#}"),
    };
    (0..mesh.nodes.len()).map(table).collect::<Vec<_>>().join("\n")
}

/// One command for all of these slots. They may have moved since they were looked at: then it is the next attempt's turn.
fn change(client: &mut Client, verb: &str, slots: &BTreeSet<usize>) -> Result<u64> {
    if slots.is_empty() {
        return Ok(0);
    }
    let mut words = vec!["CLUSTER".to_owned(), verb.to_owned()];
    for (first, last) in ranges(slots) {
        words.extend([first.to_string(), last.to_string()]);
    }
    client.call(&words)?;
    Ok(1)
}

fn ranges(slots: &BTreeSet<usize>) -> Vec<(usize, usize)> {
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    for slot in slots {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == *slot => *last = *slot,
            _ => ranges.push((*slot, *slot)),
        }
    }
    ranges
}

/// The slots of a line of CLUSTER NODES; open ones are not owned.
fn slots(words: &[String]) -> Result<Vec<usize>> {
    let mut all = Vec::new();
    for word in words.iter().filter(|word| !word.starts_with('[')) {
        let (first, last) = word.split_once('-').unwrap_or((word, word));
        let number =
            |text: &str| text.parse::<usize>().with_context(|| format!("{word:?} is no range of slots"));
        all.extend(number(first)?..=number(last)?);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_and_slots_are_each_others_inverse() -> Result<()> {
        let some = BTreeSet::from([1, 2, 3, 7, 9, 10]);
        assert_eq!(ranges(&some), [(1, 3), (7, 7), (9, 10)]);
        let words: Vec<String> = ["1-3", "7", "[8->-x]", "9-10"].map(str::to_owned).into();
        assert_eq!(slots(&words)?.into_iter().collect::<BTreeSet<_>>(), some);
        Ok(())
    }
}
